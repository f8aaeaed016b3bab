using System.Diagnostics.Metrics;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Joining;

/// <summary>All loops of the host, and which of them fail.</summary>
internal sealed class HostedLoops
{
    private readonly IReadOnlyList<HostedLoop> _all;

    public HostedLoops(IEnumerable<IHostedService> services, ProxyMetrics metrics)
    {
        _all = [.. services.OfType<HostedLoop>()];
        metrics.ObserveLoops(() => _all.Select(static loop =>
            new Measurement<int>(loop.TroubleOrNull is null ? 0 : 1, new KeyValuePair<string, object?>("loop", loop.Name))));
    }

    /// <summary>The loops whose last turn failed.</summary>
    public IEnumerable<(string Loop, LoopTrouble Trouble)> Failing =>
        _all.Where(static loop => loop.TroubleOrNull is not null).Select(static loop => (loop.Name, loop.TroubleOrNull!));
}
