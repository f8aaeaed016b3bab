using System.Globalization;
using System.Text;
using ProxyCluster.Clustering;
using ProxyCluster.Fetching;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Http;

/// <summary>
/// What machines and newcomers ask the process itself: <c>/healthz</c> (is it alive), <c>/readyz</c> (should it get
/// traffic), <c>/metrics</c>, and a page at <c>/</c>. No module path can look like one of them, because the first
/// element of a module path has a dot.
/// </summary>
internal sealed class SystemEndpoints(
    DiskStore store,
    UpstreamChain upstreams,
    PrometheusText prometheus,
    ClusterSelf self,
    IHostApplicationLifetime lifetime,
    Responses responses)
{
    private const string Welcome =
        """
        This is a ProxyCluster Go module proxy.

        Use it:     GOPROXY=http://THIS-ADDRESS go build ./...
        Health:     /healthz  /readyz
        Metrics:    /metrics

        """;

    /// <summary>Is this target ours, and so never passed on?</summary>
    public static bool Has(string target) => target is "/" or "/healthz" or "/readyz" or "/metrics";

    /// <summary>Answers if the path is one of ours.</summary>
    public async ValueTask<bool> TryAnswerAsync(HttpContext context, string path)
    {
        var cancel = context.RequestAborted;
        switch (path)
        {
            case "/":
                await responses.WriteTextAsync(context, 200, Welcome, cancel);
                return true;

            case "/healthz":
                await responses.WriteTextAsync(context, 200, "ok\n", cancel);
                return true;

            case "/readyz":
                var (ready, report) = Readiness();
                await responses.WriteTextAsync(context, ready ? 200 : 503, report, cancel);
                return true;

            case "/metrics":
                context.Response.ContentType = PrometheusText.ContentType;
                if (!HttpMethods.IsHead(context.Request.Method))
                    await prometheus.WriteAsync(context.Response.BodyWriter, cancel);
                return true;

            default:
                return false;
        }
    }

    /// <summary>
    /// Not ready while stopping or while the store takes no data. An upstream that is down is reported but does not take
    /// the silo out of service: what is stored is still served.
    /// </summary>
    private (bool Ready, string Report) Readiness()
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
            try
            {
                store.Probe();
                report.Append("store: ok\n");
            }
            catch (Exception e) when (StoreException.IsCause(e))
            {
                ready = false;
                report.Append(CultureInfo.InvariantCulture, $"store: {e.Message}\n");
            }
        }

        // A degraded engine is no reason to send traffic elsewhere: requests are answered from the last known view.
        var engine = self.Engine;
        report.Append(
            CultureInfo.InvariantCulture,
            $"engine: {(engine.Status.IsDegraded ? "degraded" : "ok")} ({engine.Name}; {engine.Status.Detail})\n");
        if (engine.Name != "local")
            report.Append(CultureInfo.InvariantCulture, $"members: {self.View.Members.Length}\n");
        var routing = self.View.Routing;
        ready &= routing.IsUsable(self.Region);
        report.Append(CultureInfo.InvariantCulture, $"routing: epoch {routing.Epoch}\n");
        foreach (var region in routing.Regions)
        {
            report.Append(
                CultureInfo.InvariantCulture,
                $"region {region.Name}: {region.State.ToString().ToLowerInvariant()} {region.Share} % ({region.Reason})\n");
        }

        foreach (var upstream in upstreams.Statuses)
            report.Append(CultureInfo.InvariantCulture, $"upstream {upstream.Name}: {upstream.StateWord}\n");

        return (ready, (ready ? "ready\n" : "not ready\n") + report);
    }
}
