using System.Text.Json;
using Orleans.Runtime;
using ProxyCluster.Failover;
using ProxyCluster.Silos;

namespace ProxyCluster.Grains;

/// <summary>Hands health reports to the region's health grain.</summary>
internal sealed class HealthCalls(OrleansEngine engine, TimeProvider clock) : IHealthCalls
{
    /// <inheritdoc/>
    public async Task<bool> ReportAsync(HealthReport report, TimeSpan limit, CancellationToken cancel)
    {
        if (engine.GrainsOrNull is not { } grains)
            return false;
        try
        {
            await grains.GetGrain<IRegionHealthGrain>(report.Region)
                .ReportAsync(JsonSerializer.SerializeToUtf8Bytes(report, FailoverJson.Default.HealthReport))
                .WaitAsync(limit, clock, cancel);
            return true;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or ObjectDisposedException
            || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return false;
        }
    }
}
