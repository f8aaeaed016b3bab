using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using ProxyCluster.Clustering;

namespace ProxyCluster.Placement;

/// <summary>
/// Leaves out front ends, which store nothing, and silos of regions that the routing table has out of service. Where
/// nobody would be left, silos of any region will do: a wrong place is better than none (design rule 3).
/// </summary>
internal sealed class UsableSilosFilter(int order) : PlacementFilterStrategy(order)
{
    /// <summary>As Orleans makes one before it reads the grain's properties.</summary>
    public UsableSilosFilter()
        : this(0)
    {
    }
}

/// <summary>Marks a grain whose candidates go through <see cref="UsableSilosFilter"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class UsableSilosFilterAttribute(int order = 0) : PlacementFilterAttribute(new UsableSilosFilter(order));

/// <summary>Applies <see cref="UsableSilosFilter"/>.</summary>
internal sealed class UsableSilosFilterDirector(IClusterMembershipService membership, IEngine engine) : IPlacementFilterDirector
{
    /// <inheritdoc/>
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        var members = membership.CurrentSnapshot.Members;
        var all = silos.ToList();
        var owning = all.FindAll(silo => CardOrNull(silo) is { IsSilo: true });
        var usable = owning.FindAll(silo => engine.View.Routing.IsUsable(CardOrNull(silo)!.Region));
        return usable.Count > 0 ? usable : owning.Count > 0 ? owning : all;

        Member? CardOrNull(SiloAddress silo) =>
            members.TryGetValue(silo, out var member) ? MemberCard.ReadOrNull(member.Name) : null;
    }
}
