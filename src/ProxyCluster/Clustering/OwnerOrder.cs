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
        var silos = view.Members.Where(static member => member.IsSilo).ToLookup(static member => member.Region, StringComparer.Ordinal);
        return [.. Regions(hash, silos.Select(static region => region.Key), view.Routing).SelectMany(region => RegionalOwner.For(hash, silos[region]))];
    }

    /// <summary>The regions other than <paramref name="self"/> that have a live silo, in the key's order.</summary>
    public static IEnumerable<string> OtherRegions(string key, string self, ClusterView view) => Regions(
        RendezvousHash.Text(key),
        view.Members.Where(member => member.IsSilo && member.Region != self).Select(static member => member.Region).Distinct(StringComparer.Ordinal),
        view.Routing);

    /// <summary>Those of the regions that are usable, in the order of a key, hashed as <see cref="RendezvousHash.Text"/> does.</summary>
    public static IEnumerable<string> Regions(ulong key, IEnumerable<string> regions, RoutingTable routing) => regions
        .Where(routing.IsUsable)
        .Select(region => (region, text: RendezvousHash.Text(region)))
        .OrderByDescending(claim => RendezvousHash.IsWithinShare(key, claim.text, ShareOf(claim.region, routing)))
        .ThenByDescending(claim => RendezvousHash.Score(key, claim.text))
        .ThenBy(static claim => claim.region, StringComparer.Ordinal)
        .Select(static claim => claim.region);

    /// <summary>Whether the key is among those that a region takes as its own at its present share.</summary>
    public static bool IsWithinShare(string key, string region, RoutingTable routing) =>
        RendezvousHash.IsWithinShare(RendezvousHash.Text(key), RendezvousHash.Text(region), ShareOf(region, routing));

    private static int ShareOf(string region, RoutingTable routing) => routing.FindOrNull(region)?.Share ?? 100;
}
