namespace ProxyCluster.Clustering.Etcd;

/// <summary>
/// Tells a member's death from an outage of etcd. Both end in the same event, a key deleted with its lease; the
/// difference is whether its owner could have renewed.
/// <para>
/// For a lease to run out without its owner's fault, nobody can have renewed anything for the length of a lease less one
/// heartbeat. We try every heartbeat too, so such an outage shows as a gap between our own successes. After a gap of more
/// than half a lease (a heartbeat is at most a third) etcd counts as just returned, and lost leases are forgiven until it
/// has been well for the grace time. A pause of our own process looks the same and gets the same answer: better a dead
/// member in the view for some seconds, whom requests step over, than a view that collapses to "only me".
/// </para>
/// Times are on the local monotonic clock.
/// </summary>
/// <param name="Last">When etcd last answered us.</param>
/// <param name="WellSince">Since when it has answered without a gap; the distant past before the first gap.</param>
/// <param name="MaxGap">Half a lease.</param>
internal readonly record struct EtcdContact(TimeSpan Last, TimeSpan WellSince, TimeSpan MaxGap)
{
    /// <summary>Before the first answer. Nobody is known yet who could be dropped by mistake.</summary>
    public static EtcdContact Begin(TimeSpan now, TimeSpan leaseTtl) => new(now, TimeSpan.MinValue, leaseTtl / 2);

    /// <summary>etcd answered, with a quorum behind it.</summary>
    public EtcdContact Answered(TimeSpan now) => this with { Last = now, WellSince = now - Last > MaxGap ? now : WellSince };

    /// <summary>etcd answered, and is known to have been away, for however short a time.</summary>
    public EtcdContact Returned(TimeSpan now) => this with { Last = now, WellSince = now };

    /// <summary>Whether a lease that is lost now was lost by its owner's fault.</summary>
    public bool IsSettled(TimeSpan now, TimeSpan grace) =>
        now - Last <= MaxGap && (WellSince == TimeSpan.MinValue || now - WellSince >= grace);
}
