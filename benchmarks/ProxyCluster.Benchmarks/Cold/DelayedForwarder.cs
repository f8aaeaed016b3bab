using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ProxyCluster.Benchmarks.Cold;

/// <summary>Another server, as far away as a delay makes it: every answer starts that much later.</summary>
internal sealed class DelayedForwarder : IAsyncDisposable
{
    private readonly WebApplication _host;
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 1024 });
    private int _requests;

    private DelayedForwarder(string target, TimeSpan delay)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server => server.Listen(System.Net.IPAddress.Loopback, 0));
        _host = builder.Build();
        _host.Run(context => ForwardAsync(context, target, delay));
    }

    /// <summary>Without a trailing slash.</summary>
    public string Url => _host.Urls.First();

    /// <summary>Requests so far.</summary>
    public int Requests => Volatile.Read(ref _requests);

    public static async Task<DelayedForwarder> StartAsync(string target, TimeSpan delay)
    {
        var forwarder = new DelayedForwarder(target, delay);
        await forwarder._host.StartAsync();
        return forwarder;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _client.Dispose();
    }

    private async Task ForwardAsync(HttpContext context, string target, TimeSpan delay)
    {
        Interlocked.Increment(ref _requests);
        await Task.Delay(delay, context.RequestAborted);
        var path = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        using var answer = await _client.GetAsync(target + path, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
        context.Response.ContentLength = answer.Content.Headers.ContentLength;
        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
