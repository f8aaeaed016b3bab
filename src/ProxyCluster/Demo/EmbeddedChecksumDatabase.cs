using System.Text;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Notes;

namespace ProxyCluster.Demo;

/// <summary>
/// A genuine checksum database over the samples, with a key that lives as long as this object. Its name is as fresh as
/// the key: <c>go</c> remembers the newest tree head of every database by name for ever, and the heads of an earlier
/// demo would look to it like a fork.
/// </summary>
internal sealed class EmbeddedChecksumDatabase : IAsyncDisposable
{
    private readonly InMemoryChecksumDatabase _log;
    private readonly LoopbackServer _server;

    private EmbeddedChecksumDatabase(InMemoryChecksumDatabase log, LoopbackServer server)
    {
        _log = log;
        _server = server;
    }

    /// <summary>Base URL without a trailing slash.</summary>
    public string Url => _server.Url;

    /// <summary>The key to pin: what clients set GOSUMDB to, and then reach the database through the proxy.</summary>
    public VerifierKey Key => _log.Key;

    /// <summary>Key and address, for those that ask it themselves.</summary>
    public string Setting => $"{Key} {Url}";

    /// <summary>Signs the samples in and starts answering.</summary>
    public static async Task<EmbeddedChecksumDatabase> StartAsync(IEnumerable<PackedModule> modules, CancellationToken cancellation)
    {
        var log = new InMemoryChecksumDatabase(SignerKey.Generate($"sum-{Guid.NewGuid():N}"[..12] + ".demo.proxycluster.dev"));
        foreach (var packed in modules)
            log.Append(packed.Module, packed.ZipH1, packed.GoModH1);
        var server = await LoopbackServer.StartAsync((context, path) => AnswerAsync(log, context, path), cancellation).ConfigureAwait(false);
        return new EmbeddedChecksumDatabase(log, server);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task AnswerAsync(InMemoryChecksumDatabase log, HttpContext context, string path)
    {
        var read = await log.ReadAsync(path.TrimStart('/'), context.RequestAborted).ConfigureAwait(false);
        var found = read.Status == RemoteStatus.Found;
        var body = found ? read.Body : Encoding.UTF8.GetBytes(read.Message + "\n");
        context.Response.StatusCode = found ? StatusCodes.Status200OK : StatusCodes.Status404NotFound;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }
}
