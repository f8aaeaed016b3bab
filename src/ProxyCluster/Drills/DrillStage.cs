using System.Collections.Immutable;
using ProxyCluster.Drills.Topology;

namespace ProxyCluster.Drills;

/// <summary>Where a scenario plays: the cluster, the world around it, and the region that gets the trouble.</summary>
/// <param name="Cluster">Real processes.</param>
/// <param name="World">Upstream and checksum database.</param>
/// <param name="Region">The region.</param>
/// <param name="Operator">Sends operators' orders.</param>
/// <param name="Progress">Told of each step in words.</param>
internal sealed record DrillStage(
    ProcessCluster Cluster, DrillWorld World, string Region, DrillOperator Operator, Action<string> Progress)
{
    /// <summary>Every process of the region, etcd's member among them.</summary>
    public IEnumerable<ClusterProcess> Victims => Cluster.InRegion(Region);

    /// <summary>The other regions.</summary>
    public IEnumerable<string> OtherRegions => Cluster.Regions.Where(region => region != Region);

    /// <summary>Those who look on from the other regions and answer.</summary>
    public IEnumerable<Sighting> Bystanders(ImmutableArray<Sighting> seen) =>
        seen.Where(sighting => sighting.Region != Region && sighting.Answers);

    /// <summary>Has one member outside of the region stopped using it?</summary>
    public bool IsNoticed(ImmutableArray<Sighting> seen) => Bystanders(seen).Any(sighting => sighting.SeesOutOfService(Region));

    /// <summary>Have all of them?</summary>
    public bool IsRerouted(ImmutableArray<Sighting> seen) =>
        IsNoticed(seen) && Bystanders(seen).All(sighting => sighting.SeesOutOfService(Region));

    /// <summary>Is everything as it was before the drill: every member there and ready, every region with all of its keys?</summary>
    public bool IsWhole(ImmutableArray<Sighting> seen) =>
        seen.Length == Cluster.Silos.Count() + Cluster.FrontEnds.Count()
        && seen.All(sighting => sighting is { Answers: true, IsReady: true, IsStoreOk: true, IsEngineDegraded: false, IsUpstreamAway: false }
            && Cluster.Regions.All(sighting.SeesWhole))
        && seen.Select(static sighting => sighting.Epoch).Distinct().Count() == 1;
}
