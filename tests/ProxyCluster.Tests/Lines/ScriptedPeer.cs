using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Demo;
using ProxyCluster.Lines;

namespace ProxyCluster.Tests.Lines;

/// <summary>A member of the cluster whose answers a test writes, over real HTTP.</summary>
internal sealed class ScriptedPeer : IAsyncDisposable
{
    private readonly LoopbackServer _server;
    private readonly LocalEngine _engine;

    private ScriptedPeer(LoopbackServer server, LocalEngine engine, Member member)
    {
        _server = server;
        _engine = engine;
        Member = member;
    }

    public Member Member { get; }

    /// <summary>What it was asked, as sent; members' reports and measurements, which come whenever they come, left out.</summary>
    public ConcurrentQueue<string> Asked { get; private init; } = new();

    /// <summary>Joins a cluster that answers every call with <paramref name="answer"/>, which gets the raw target.</summary>
    public static async Task<ScriptedPeer> JoinAsync(
        LocalCluster cluster, string region, Func<HttpContext, string, Task> answer, CancellationToken cancel)
    {
        var asked = new ConcurrentQueue<string>();
        var server = await LoopbackServer.StartAsync(
            async (context, _) =>
            {
                var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
                if (IsOfHealth(target))
                {
                    context.Response.StatusCode = StatusCodes.Status404NotFound;
                    return;
                }

                asked.Enqueue(target);
                try
                {
                    await answer(context, target);
                }
                catch (OperationCanceledException)
                {
                    // The caller had enough.
                }
            },
            cancel);
        var member = new Member($"{region}-scripted-{new Uri(server.Url).Port}", region, new Uri(server.Url), Role.Silo, "test");
        var engine = new LocalEngine(cluster, TimeProvider.System, NullLogger<LocalEngine>.Instance);
        await engine.JoinAsync(member, cancel);
        return new ScriptedPeer(server, engine, member) { Asked = asked };
    }

    /// <summary>Leaves the cluster and goes on answering.</summary>
    public Task LeaveAsync() => _engine.LeaveAsync(CancellationToken.None);

    /// <summary>Stays in the cluster and answers no more.</summary>
    public ValueTask StopListeningAsync() => _server.DisposeAsync();

    /// <summary>Sends one frame.</summary>
    public static async Task FrameAsync(HttpContext context, PeerFrameType type, byte[] payload)
    {
        PeerFrame.Write(context.Response.BodyWriter, type, payload);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    /// <summary>Sends bytes.</summary>
    public static async Task BytesAsync(HttpContext context, byte[] bytes)
    {
        await context.Response.BodyWriter.WriteAsync(bytes, context.RequestAborted);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    /// <summary>Says nothing until the caller leaves.</summary>
    public static Task SilenceAsync(HttpContext context) => Task.Delay(Timeout.Infinite, context.RequestAborted);

    private static bool IsOfHealth(string target) => target.StartsWith(PeerCalls.Prefix + "ping/", StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        await _server.DisposeAsync();
    }
}
