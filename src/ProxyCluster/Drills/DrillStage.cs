using System.Collections.Immutable;
using ProxyCluster.Drills.Topology;

namespace ProxyCluster.Drills;

/// <summary>Where a scenario plays: the cluster's members, and the region that gets the trouble.</summary>
/// <param name="Members">Silos and front ends.</param>
/// <param name="Region">The region.</param>
/// <param name="Operator">Sends operators' orders.</param>
/// <param name="Progress">Told of each step in words.</param>
internal sealed record DrillStage(
    ImmutableArray<DrillMember> Members, string Region, DrillOperator Operator, Action<string> Progress)
{
    /// <summary>The processes and the world around them, where the drill started both; null on a cluster that was there before.</summary>
    public OwnCluster? Own { get; init; }

    /// <summary>The regions.</summary>
    public IEnumerable<string> Regions => Members.Select(static member => member.Region).Distinct();

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
        seen.Length == Members.Length
        && seen.All(sighting => sighting is { Answers: true, IsReady: true, IsStoreOk: true, IsEngineDegraded: false, IsUpstreamAway: false }
            && Regions.All(sighting.SeesWhole))
        && seen.Select(static sighting => sighting.Epoch).Distinct().Count() == 1;
}

/// <summary>A cluster that the drill started, and the world around it.</summary>
/// <param name="Cluster">Real processes.</param>
/// <param name="World">Upstream and checksum database.</param>
internal sealed record OwnCluster(ProcessCluster Cluster, DrillWorld World)
{
    /// <summary>Every process of a region, its part of the store among them.</summary>
    public IEnumerable<ClusterProcess> Victims(string region) => Cluster.InRegion(region);

    /// <summary>A region's silos.</summary>
    public IEnumerable<ClusterProcess> Silos(string region) =>
        Victims(region).Where(static process => process.Kind == ProcessKind.Silo);

    /// <summary>The regions beside one.</summary>
    public IEnumerable<string> OtherRegions(string region) => Cluster.Regions.Where(other => other != region);
}
