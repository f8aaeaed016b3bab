using ProxyCluster.Routing;

namespace ProxyCluster.Clustering;

/// <summary>
/// The port to what holds a cluster together: membership, and the one routing table with the right to replace it.
/// <para>
/// <b>Membership.</b> A member that joined stays in everybody's view until it leaves or stops renewing its lease; a
/// member that lost its lease (a long pause, an outage of the engine) joins again by itself under the same id.
/// </para>
/// <para>
/// <b>Routing table.</b> Exactly one table per epoch exists. <see cref="TryPublishAsync"/> is a compare-and-swap on the
/// epoch, so an authority that was frozen, replaced and thawed cannot overwrite its successor, whatever it believes about
/// itself. <see cref="IsAuthority"/> says who should decide; it is a hint, the compare-and-swap is the guarantee. Members
/// hear of a new table with the answer to their next health report, at the latest.
/// </para>
/// <para>
/// <b>Losing the engine.</b> <see cref="View"/> keeps the last known state, <see cref="Status"/> says so, and nothing
/// here ever makes a request wait. Decisions are pure functions elsewhere (<c>Failover</c>); engines only host them.
/// When the engine returns, nobody disappears for having been unable to renew a lease that nobody could renew: members
/// are given time to come back before the view forgets them. A member that left says so and is forgotten at once.
/// </para>
/// <para>
/// <b>One life.</b> An engine joins once and leaves once. Disposing of it without leaving is what a crash looks like to
/// the others: the member goes when its lease runs out.
/// </para>
/// Implementations: <c>orleans</c>, where a grain is the authority, and <c>local</c> (one process).
/// </summary>
public interface IEngine : IAsyncDisposable
{
    /// <summary><c>orleans</c> or <c>local</c>.</summary>
    string Name { get; }

    /// <summary>True where nobody else can join: then who is there is no news.</summary>
    bool IsAlone => false;

    /// <summary>This process as the cluster knows it; null before <see cref="JoinAsync"/>.</summary>
    Member? Self { get; }

    /// <summary>
    /// The newest view known. Never blocks. Between joining and leaving it always contains <see cref="Self"/>, also while
    /// the engine cannot be reached: a silo that knows nobody can still fetch by itself (design rule 3).
    /// </summary>
    ClusterView View { get; }

    /// <summary>How the engine is doing. Never blocks.</summary>
    EngineStatus Status { get; }

    /// <summary>
    /// True while this member is the elected authority, as far as it knows. At most one member is at a time, except
    /// for the moment in which a frozen one has not noticed yet.
    /// </summary>
    bool IsAuthority { get; }

    /// <summary>Raised after <see cref="View"/> changed, in order, from one task at a time. Handlers must not block.</summary>
    event Action<ClusterView>? ViewChanged;

    /// <summary>
    /// Registers this process and begins to follow the cluster. Returns when the first view is known, or at once with a
    /// degraded status when the engine cannot be reached; joining goes on in the background until it succeeds.
    /// </summary>
    Task JoinAsync(Member self, CancellationToken cancel);

    /// <summary>Takes this process out of everybody's view now, instead of when its lease runs out.</summary>
    Task LeaveAsync(CancellationToken cancel);

    /// <summary>
    /// Replaces the routing table if this member holds the authority and <paramref name="next"/> has the epoch after the
    /// present one. Otherwise nothing changes and the result carries the table that stands.
    /// </summary>
    Task<PublishResult> TryPublishAsync(RoutingTable next, CancellationToken cancel);
}

/// <summary>What became of a publication.</summary>
/// <param name="Status">Whether the table was replaced.</param>
/// <param name="Current">The table that stands now, as far as known.</param>
public sealed record PublishResult(PublishStatus Status, RoutingTable Current);

/// <summary>The ways in which a publication ends.</summary>
public enum PublishStatus
{
    /// <summary>The table was replaced.</summary>
    Published,

    /// <summary>Another table has this epoch or a later one; decide again from <see cref="PublishResult.Current"/>.</summary>
    Superseded,

    /// <summary>
    /// The engine cannot be reached; nothing is known to have changed. The table may still have been replaced if only
    /// the answer was lost: decide again from the next view.
    /// </summary>
    Unavailable,

    /// <summary>This member does not hold the authority, or does not any more; its successor decides.</summary>
    NotAuthority,
}
