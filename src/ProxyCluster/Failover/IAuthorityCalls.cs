namespace ProxyCluster.Failover;

/// <summary>
/// The way to whoever decides, from any member; the same for all three calls. There may be nobody for a moment, and nobody
/// waits for longer than his limit. The engine says which way it is: grains where there are silos, a method within one process.
/// </summary>
internal interface IAuthorityCalls
{
    /// <summary>
    /// Hands a report in; false when it is not known to have arrived within the limit. Where members do not share memory,
    /// this is also how they hear of the routing table: it comes with the answer.
    /// </summary>
    Task<bool> ReportAsync(HealthReport report, TimeSpan limit, CancellationToken cancel);

    /// <summary>Has an operator's order obeyed.</summary>
    Task<OperatorAnswer> OrderAsync(OperatorCommand command, CancellationToken cancel);

    /// <summary>The cluster as the authority knows it, or as this member does where that cannot be asked.</summary>
    Task<ClusterStatus> StatusAsync(CancellationToken cancel);
}
