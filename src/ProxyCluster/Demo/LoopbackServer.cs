using Microsoft.AspNetCore.Http.Features;
using ProxyCluster.Joining;

namespace ProxyCluster.Demo;

/// <summary>One function that answers HTTP on a free port of this machine, by the path that was really sent.</summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private LoopbackServer(WebApplication app) => _app = app;

    /// <summary>Base URL without a trailing slash.</summary>
    public string Url => _app.Urls.First();

    /// <summary>Starts one.</summary>
    /// <param name="answer">Gets the context and the decoded path: <c>!</c> may arrive as <c>%21</c>, a plus is a plus.</param>
    /// <param name="cancellation">Ends the start.</param>
    public static async Task<LoopbackServer> StartAsync(Func<HttpContext, string, Task> answer, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, UnattendedLifetime>();
        builder.WebHost.UseKestrelCore();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.Run(context => answer(context, PathOf(context)));
        try
        {
            await app.StartAsync(cancellation).ConfigureAwait(false);
        }
        catch
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return new LoopbackServer(app);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static string PathOf(HttpContext context) =>
        Uri.UnescapeDataString(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0]);
}
