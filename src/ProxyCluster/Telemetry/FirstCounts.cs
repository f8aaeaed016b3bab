namespace ProxyCluster.Telemetry;

/// <summary>Has every series that alerts watch begin at zero, once the page and the exporter listen.</summary>
internal sealed class FirstCounts : IHostedService
{
    private readonly ProxyMetrics _metrics;

    public FirstCounts(ProxyMetrics metrics, PrometheusText page)
    {
        _metrics = metrics;
        _ = page; // listens from its making on
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _metrics.CountFromZero();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
