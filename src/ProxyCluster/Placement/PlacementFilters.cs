using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using ProxyCluster.Clustering;

namespace ProxyCluster.Placement;

/// <summary>For grains that may live wherever a region is in service: <see cref="Candidates.Usable"/>.</summary>
internal sealed class UsableSilosFilter(int order) : PlacementFilterStrategy(order)
{
    /// <summary>As Orleans makes one before it reads the grain's properties.</summary>
    public UsableSilosFilter()
        : this(0)
    {
    }
}

/// <summary>Besides, for grains whose keys come back to a region in steps: <see cref="Candidates.WithinShare"/>.</summary>
internal sealed class ShareFilter(int order) : PlacementFilterStrategy(order)
{
    /// <summary>As Orleans makes one before it reads the grain's properties.</summary>
    public ShareFilter()
        : this(1)
    {
    }
}

/// <summary>For grains that belong to the region in their key: <see cref="Candidates.OfRegion"/>.</summary>
internal sealed class KeyRegionFilter(int order) : PlacementFilterStrategy(order)
{
    /// <summary>As Orleans makes one before it reads the grain's properties.</summary>
    public KeyRegionFilter()
        : this(0)
    {
    }
}

/// <summary>Marks a grain whose candidates go through <see cref="UsableSilosFilter"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class UsableSilosFilterAttribute(int order = 0) : PlacementFilterAttribute(new UsableSilosFilter(order));

/// <summary>Marks a grain whose candidates go through <see cref="ShareFilter"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ShareFilterAttribute(int order = 1) : PlacementFilterAttribute(new ShareFilter(order));

/// <summary>Marks a grain whose candidates go through <see cref="KeyRegionFilter"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class KeyRegionFilterAttribute(int order = 0) : PlacementFilterAttribute(new KeyRegionFilter(order));

/// <summary>Applies any of them.</summary>
internal sealed class PlacementFilters(IClusterMembershipService membership, IEngine engine) : IPlacementFilterDirector
{
    /// <inheritdoc/>
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        var all = Candidate.Of(silos, membership.CurrentSnapshot);
        var key = target.GrainIdentity.Key.ToString() ?? "";
        var left = filterStrategy switch
        {
            UsableSilosFilter => Candidates.Usable(all, engine.View.Routing),
            ShareFilter => Candidates.WithinShare(key, all, engine.View.Routing),
            KeyRegionFilter => Candidates.OfRegion(RegionKey.Parse(key).Region, all),
            _ => all,
        };
        return left.Select(static candidate => candidate.Silo);
    }
}
