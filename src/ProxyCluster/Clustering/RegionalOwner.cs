using System.Collections.Immutable;

namespace ProxyCluster.Clustering;

/// <summary>
/// Which silos of one region to ask for a key, best first. The region's routing state is not looked at: where to go at
/// all is routing's question.
/// </summary>
internal static class RegionalOwner
{
    /// <summary>All silos of the region in the view, ordered for the key; empty when there are none.</summary>
    public static ImmutableArray<Member> For(string key, string region, ClusterView view) =>
        For(RendezvousHash.Text(key), view.Members.Where(member => member.IsSilo && member.Region == region));

    /// <summary>
    /// A silo is hashed by its address, not by its id: a restarted process is another member, but finds its keys' files
    /// on its disk.
    /// </summary>
    public static ImmutableArray<Member> For(ulong key, IEnumerable<Member> silos) =>
    [
        .. silos
            .Select(silo => (silo, score: RendezvousHash.Score(key, RendezvousHash.Text(silo.Address.Authority))))
            .OrderByDescending(static claim => claim.score)
            .ThenBy(static claim => claim.silo.Id, StringComparer.Ordinal)
            .Select(static claim => claim.silo),
    ];
}
