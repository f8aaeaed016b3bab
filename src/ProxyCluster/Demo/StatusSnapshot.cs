using ProxyCluster.Clustering;
using ProxyCluster.Routing;

namespace ProxyCluster.Demo;

/// <summary>The cluster at one moment, as the table shows it.</summary>
/// <param name="Regions">Every region, in the order in which they are shown.</param>
/// <param name="Newest">The module versions that got an owner last, the newest last.</param>
/// <param name="UpstreamRequests">Requests that the upstream itself has counted.</param>
internal sealed record StatusSnapshot(IReadOnlyList<RegionStatus> Regions, IReadOnlyList<OwnedModule> Newest, int UpstreamRequests)
{
    /// <summary>How many of <see cref="Newest"/> are shown.</summary>
    public const int NewestShown = 5;

    /// <summary>All regions together.</summary>
    public MemberFigures Total => Regions.Aggregate(default(MemberFigures), (sum, region) => sum + region.Total);
}

/// <summary>A region at one moment.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">Its state in the routing table.</param>
/// <param name="Members">Its silos and front ends.</param>
internal sealed record RegionStatus(string Name, RegionState State, IReadOnlyList<MemberStatus> Members)
{
    /// <summary>Grains of module versions that live in it.</summary>
    public int Owns => Members.Sum(static member => member.Owns);

    /// <summary>
    /// Its members together. A request that a front end passed on is counted by both, so requests are what the doors
    /// count, hits are whoever's who had the answer, and everything else is what the silos count.
    /// </summary>
    public MemberFigures Total => Members.Aggregate(default(MemberFigures), (sum, member) => sum + member.Role switch
    {
        Role.FrontEnd => member.Figures with { Misses = 0, PeerFills = 0, UpstreamFetches = 0 },
        Role.Silo => member.Figures with { Requests = 0 },
        _ => member.Figures,
    });
}

/// <summary>A member at one moment.</summary>
/// <param name="Name">For people: <c>silo 1</c>.</param>
/// <param name="Role">What it does.</param>
/// <param name="IsLive">Whether the cluster sees it.</param>
/// <param name="Owns">Grains of module versions that live in it.</param>
/// <param name="Figures">What it did.</param>
internal sealed record MemberStatus(string Name, Role Role, bool IsLive, int Owns, MemberFigures Figures)
{
    /// <summary>The word for <see cref="IsLive"/>.</summary>
    public string State => IsLive ? "live" : "gone";
}

/// <summary>A module version and the silo in which its grain lives.</summary>
/// <param name="ModuleVersion">The grain's key.</param>
/// <param name="Silo">Region and name: <c>tokyo silo 1</c>.</param>
internal sealed record OwnedModule(string ModuleVersion, string Silo);
