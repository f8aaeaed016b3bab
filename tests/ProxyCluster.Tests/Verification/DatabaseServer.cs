using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;

namespace ProxyCluster.Tests.Verification;

/// <summary>A real checksum database on a loopback port, whose answers a test can change.</summary>
internal sealed class DatabaseServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private DatabaseServer(WebApplication app) => _app = app;

    public InMemoryChecksumDatabase Database { get; set; } = new(SignerKey.FromSeed("sumdb.test/go", new byte[32]));

    /// <summary>Answers instead of the database; true when it did.</summary>
    public Func<HttpContext, string, Task<bool>> Instead { get; set; } = static (_, _) => Task.FromResult(false);

    public ConcurrentQueue<string> Paths { get; } = new();

    public string Url { get; private set; } = "";

    public string Setting => $"{Database.Key} {Url}";

    public static async Task<DatabaseServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        DatabaseServer server = new(builder.Build());
        server._app.Run(server.AnswerAsync);
        await server._app.StartAsync();
        server.Url = server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return server;
    }

    public void Fill(int size)
    {
        for (var i = 0; i < size; i++)
            Database.Append(Module(i), H1(i, "zip"), H1(i, "mod"));
    }

    public static ModuleVersion Module(int i) =>
        ModuleVersion.TryParse("example.org/Mod", string.Create(CultureInfo.InvariantCulture, $"v1.{i}.0"), out var module, out var error)
            ? module
            : throw new ArgumentException(error);

    public static string LookupPath(int i) => string.Create(CultureInfo.InvariantCulture, $"lookup/example.org/!mod@v1.{i}.0");

    public static string H1(int i, string of) =>
        "h1:" + Digest.Of(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{of} {i}"))).ToBase64();

    public async Task<byte[]> BytesAsync(string path) => (await Database.ReadAsync(path, default)).Body.ToArray();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var path = Uri.UnescapeDataString(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget)[1..];
        Paths.Enqueue(path);
        if (await Instead(context, path))
            return;

        var read = await Database.ReadAsync(path, context.RequestAborted);
        context.Response.StatusCode = read.Status == RemoteStatus.Found ? 200 : (int)HttpStatusCode.NotFound;
        await context.Response.Body.WriteAsync(read.Status == RemoteStatus.Found ? read.Body : Encoding.UTF8.GetBytes(read.Message));
    }
}
