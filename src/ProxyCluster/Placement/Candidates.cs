using System.Collections.Immutable;
using Orleans.Runtime;
using ProxyCluster.Clustering;
using ProxyCluster.Routing;

namespace ProxyCluster.Placement;

/// <summary>
/// Which silos a grain may be placed on, as pure functions of who there is and how regions stand. Each leaves out those
/// that it does not want and gives all that it got where nobody would be left: a wrong place is better than none (design
/// rule 3).
/// </summary>
internal static class Candidates
{
    /// <summary>Those that store, in regions that are in service; in any region where there is none.</summary>
    public static ImmutableArray<Candidate> Usable(ImmutableArray<Candidate> silos, RoutingTable routing)
    {
        var owning = Where(silos, static card => card.IsSilo);
        return Where(owning, card => card.IsSilo && routing.IsUsable(card.Region));
    }

    /// <summary>
    /// Those of regions that take the key as theirs: of a region that recovers, its share, which grows in steps
    /// (<see cref="OwnerOrder"/>).
    /// </summary>
    public static ImmutableArray<Candidate> WithinShare(string key, ImmutableArray<Candidate> silos, RoutingTable routing) =>
        Where(silos, card => OwnerOrder.IsWithinShare(key, card.Region, routing));

    /// <summary>Those of one region that store.</summary>
    public static ImmutableArray<Candidate> OfRegion(string region, ImmutableArray<Candidate> silos) =>
        Where(Where(silos, static card => card.IsSilo), card => card.IsSilo && card.Region == region);

    /// <summary>The one that wins the key by rendezvous over addresses; null where there are none.</summary>
    public static Candidate? WinnerOrNull(string key, ImmutableArray<Candidate> silos)
    {
        // Two lives of one address claim it alike.
        var ordered = silos.OrderByDescending(static silo => silo.Silo.ToString(), StringComparer.Ordinal).ToList();
        var winner = RendezvousHash.WinnerOf(RendezvousHash.Text(key), [.. ordered.Select(static silo => RendezvousHash.Text(silo.Name))]);
        return winner < 0 ? null : ordered[winner];
    }

    private static ImmutableArray<Candidate> Where(ImmutableArray<Candidate> silos, Func<Member, bool> isWanted) =>
        silos.Any(silo => silo.Card is { } card && isWanted(card)) ? [.. silos.Where(silo => silo.Card is { } card && isWanted(card))] : silos;
}

/// <summary>A silo that a grain may be placed on.</summary>
/// <param name="Silo">Its address in Orleans.</param>
/// <param name="Card">The member that it is; null for one of another program.</param>
internal sealed record Candidate(SiloAddress Silo, Member? Card)
{
    /// <summary>What rendezvous hashes: the member's authority, as for front ends.</summary>
    public string Name => Card?.Address.Authority ?? Silo.Endpoint.ToString();

    /// <summary>Silos as the membership knows them.</summary>
    public static ImmutableArray<Candidate> Of(IEnumerable<SiloAddress> silos, ClusterMembershipSnapshot membership) =>
    [
        .. silos.Select(silo => new Candidate(
            silo, membership.Members.TryGetValue(silo, out var member) ? MemberCard.ReadOrNull(member.Name) : null)),
    ];
}
