namespace ProxyCluster.Failover;

/// <summary>
/// A way of the engine's own for health reports to the authority. What does not arrive by it is sent directly.
/// </summary>
internal interface IHealthCalls
{
    /// <summary>Hands a report in; false when it is not known to have arrived within the limit.</summary>
    Task<bool> ReportAsync(HealthReport report, TimeSpan limit, CancellationToken cancel);
}
