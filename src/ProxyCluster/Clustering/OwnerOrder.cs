using System.Collections.Immutable;
using ProxyCluster.Routing;

namespace ProxyCluster.Clustering;

/// <summary>
/// Who owns a key, and who next if that one does not answer: a pure function of the view, so all members with the same
/// view agree without a word between them. Members with different views disagree for a moment, which costs a duplicate
/// fetch and nothing else (design rules 1 to 3).
/// <para>
/// The key's regions come first, by rendezvous over the regions that are usable and have a live silo; the first is its
/// home region. Inside each region its silos are ordered the same way. One silo's arrival or departure therefore moves
/// only the keys that it wins or held inside its region, and a region's only that region's part.
/// </para>
/// A region below its full share (recovering) is not home of the keys outside of the share; for those it stays a
/// candidate, behind all others. Failed and drained regions are no candidates at all. Road not taken: a ring of virtual
/// nodes, which needs tuning to balance as well as this does with the few dozen members that a cluster has.
/// </summary>
internal static class OwnerOrder
{
    /// <summary>Every live silo of every usable region, in the order in which to ask them; empty when there is none.</summary>
    /// <param name="key">A module version as <c>path@version</c>, or a module path for queries.</param>
    /// <param name="view">The present view.</param>
    public static ImmutableArray<Member> For(string key, ClusterView view)
    {
        var hash = RendezvousHash.Text(key);
        return
        [
            .. view.Members
                .Where(static member => member.IsSilo)
                .GroupBy(static member => member.Region, StringComparer.Ordinal)
                .Where(region => view.Routing.IsUsable(region.Key))
                .Select(region => (region, text: RendezvousHash.Text(region.Key)))
                .OrderByDescending(claim => RendezvousHash.IsWithinShare(hash, claim.text, ShareOf(claim.region.Key, view.Routing)))
                .ThenByDescending(claim => RendezvousHash.Score(hash, claim.text))
                .ThenBy(static claim => claim.region.Key, StringComparer.Ordinal)
                .SelectMany(claim => RegionalOwner.For(hash, claim.region)),
        ];
    }

    /// <summary>Whether the key is among those that a region takes as its own at its present share.</summary>
    public static bool IsWithinShare(string key, string region, RoutingTable routing) =>
        RendezvousHash.IsWithinShare(RendezvousHash.Text(key), RendezvousHash.Text(region), ShareOf(region, routing));

    private static int ShareOf(string region, RoutingTable routing) => routing.FindOrNull(region)?.Share ?? 100;
}
