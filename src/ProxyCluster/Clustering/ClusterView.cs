using System.Collections.Immutable;
using ProxyCluster.Routing;

namespace ProxyCluster.Clustering;

/// <summary>
/// Who is alive and how regions stand, at one moment: an immutable snapshot, swapped whole. The data plane reads it from
/// memory and never waits for a newer one (design rule 5); acting on an old view costs duplicate work, not correctness.
/// </summary>
/// <param name="Members">Live members, ordered by id.</param>
/// <param name="Routing">The newest routing table seen.</param>
public sealed record ClusterView(ImmutableArray<Member> Members, RoutingTable Routing)
{
    /// <summary>Nobody known, no table published.</summary>
    public static ClusterView Empty { get; } = new([], RoutingTable.Empty);
}
