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

    /// <summary>
    /// Id of the member that is the authority, where health reports and operators' wishes go; null while there is none
    /// or none is known. A hint like everything here: publishing is guarded elsewhere.
    /// </summary>
    public string? AuthorityId { get; init; }

    /// <summary>The member that is the authority, or null while none is known or it is not among the live ones.</summary>
    public Member? AuthorityOrNull => AuthorityId is { } id ? FindOrNull(id) : null;

    /// <summary>The member with this id, or null when it is not live.</summary>
    public Member? FindOrNull(string id)
    {
        foreach (var member in Members)
        {
            if (string.Equals(member.Id, id, StringComparison.Ordinal))
                return member;
        }

        return null;
    }

    /// <summary>Whether both views say the same. The record's own equality compares the arrays' identities.</summary>
    public bool SaysSameAs(ClusterView other) =>
        AuthorityId == other.AuthorityId && Routing.Epoch == other.Routing.Epoch && Members.AsSpan().SequenceEqual(other.Members.AsSpan());
}
