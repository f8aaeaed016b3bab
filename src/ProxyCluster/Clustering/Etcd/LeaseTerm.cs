namespace ProxyCluster.Clustering.Etcd;

/// <summary>
/// Our lease as far as we can be sure of it. It is counted from before the renewal was sent, so it ends here no later
/// than at etcd, whose own count began when the renewal arrived; a process that was frozen finds it over when it thaws.
/// (Clocks that run at different speeds can break that by their difference; the transaction that publishes does not
/// depend on clocks at all.)
/// </summary>
/// <param name="Id">etcd's id of the lease.</param>
/// <param name="RenewedAt">When the last successful renewal was sent, on the local monotonic clock.</param>
/// <param name="Ttl">Length that etcd granted.</param>
internal sealed record LeaseTerm(long Id, TimeSpan RenewedAt, TimeSpan Ttl)
{
    /// <summary>Whether etcd cannot have ended the lease yet.</summary>
    public bool IsCertain(TimeSpan now) => now - RenewedAt < Ttl;
}
