using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using ProxyCluster.Advisories;
using ProxyCluster.Clustering;
using ProxyCluster.Failover;
using ProxyCluster.Fetching;
using ProxyCluster.Joining;
using ProxyCluster.Routing;
using ProxyCluster.Sockets;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;
using ProxyCluster.Verification;

namespace ProxyCluster.Http;

/// <summary>
/// What machines and newcomers ask the process itself: <c>/healthz</c> (is it alive), <c>/readyz</c> (should it get
/// traffic), <c>/metrics</c>, and a page at <c>/</c>. No module path can look like one of them, because the first
/// element of a module path has a dot.
/// </summary>
internal sealed class SystemEndpoints(
    StoreProbe store,
    DataTree tree,
    UpstreamChain upstreams,
    ChecksumDatabases databases,
    PrometheusText prometheus,
    ClusterSelf self,
    HostedLoops loops,
    AdvisoryUpdates advisories,
    IHostApplicationLifetime lifetime,
    IOptions<HttpOptions> options,
    Responses responses)
{
    private const string RetryAfter = "5";

    private readonly string _welcome =
        $"""
        This is a ProxyCluster Go module proxy.

        Use it:     GOPROXY=http://THIS-ADDRESS{options.Value.BasePath} go build ./...
        Health:     /healthz  /readyz
        Metrics:    /metrics

        """;

    /// <summary>Answers if the path is one of ours.</summary>
    public async ValueTask<bool> TryAnswerAsync(HttpContext context, string path)
    {
        var cancel = context.RequestAborted;
        switch (path)
        {
            case "/":
                await responses.WriteTextAsync(context, 200, _welcome, cancel);
                return true;

            case "/healthz":
                await responses.WriteTextAsync(context, 200, "ok\n", cancel);
                return true;

            case "/readyz":
                await SocketThread.LeaveAsync();
                var (ready, report) = await ReadinessAsync(cancel);
                if (!ready)
                    context.Response.Headers.RetryAfter = RetryAfter;
                await responses.WriteTextAsync(context, ready ? 200 : 503, report, cancel);
                return true;

            case "/metrics":
                await SocketThread.LeaveAsync();
                context.Response.ContentType = PrometheusText.ContentType;
                if (!HttpMethods.IsHead(context.Request.Method))
                    await prometheus.WriteAsync(context.Response.BodyWriter, cancel);
                return true;

            default:
                return false;
        }
    }

    /// <summary>
    /// Not ready while stopping, while the store takes no data, or while nothing new can be proven with what it has kept. An
    /// upstream that is down is reported but does not take the silo out of service: what is stored is still served.
    /// </summary>
    private async Task<(bool Ready, string Report)> ReadinessAsync(CancellationToken cancel)
    {
        var ready = true;
        var report = new StringBuilder();
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            ready = false;
            report.Append("stopping: finishing requests in flight\n");
        }

        if (!self.IsFrontEnd)
        {
            // With a limit: a store that hangs must not make the answer hang.
            var health = await store.AskAsync(cancel);
            ready &= health.IsOk;
            var usual = tree.IsReadOnly ? "read-only: what is stored is served, and nothing new is kept" : "ok";
            report.Append(CultureInfo.InvariantCulture, $"store: {health.Trouble ?? usual}\n");

            // Without the one that proves modules nothing new is served, and it comes back by no waiting.
            foreach (var database in health.IsOk ? databases.All : [])
            {
                if (await ChecksumDatabases.TroubleOrNullAsync(database, cancel) is not { } trouble)
                    continue;
                ready &= database != databases.PrimaryOrNull;
                report.Append(CultureInfo.InvariantCulture, $"checksum database {database.Name}: {trouble}\n");
            }
        }

        // A degraded engine is no reason to send traffic elsewhere: requests are answered from the last known view.
        var engine = self.Engine;
        report.Append(
            CultureInfo.InvariantCulture,
            $"engine: {(engine.Status.IsDegraded ? "degraded" : "ok")} ({engine.Name}; {engine.Status.Detail})\n");
        if (!engine.IsAlone)
            report.Append(CultureInfo.InvariantCulture, $"members: {self.View.Members.Length}\n");
        var routing = self.View.Routing;
        ready &= routing.IsUsable(self.Region);
        report.Append(CultureInfo.InvariantCulture, $"routing: epoch {routing.Epoch}\n");
        foreach (var region in routing.Regions)
        {
            report.Append(
                CultureInfo.InvariantCulture,
                $"region {region.Name}: {RegionWords.Of(region.State)} {region.Share} % ({region.Reason})\n");
        }

        // What goes on in the background is no reason to send traffic elsewhere either.
        foreach (var (loop, trouble) in loops.Failing)
            report.Append(CultureInfo.InvariantCulture, $"loop {loop}: failing since {trouble.Since:u} ({trouble.Kind.Name})\n");

        if (advisories.Describe() is { } judged)
            report.Append(CultureInfo.InvariantCulture, $"advisories: {judged}\n");

        foreach (var upstream in upstreams.Statuses)
            report.Append(CultureInfo.InvariantCulture, $"upstream {upstream.Name}: {upstream.StateWord}\n");

        return (ready, (ready ? "ready\n" : "not ready\n") + report);
    }
}
