using ProxyCluster.Clustering;
using ProxyCluster.Routing;

namespace ProxyCluster.Demo;

/// <summary>The cluster at one moment, as the table shows it.</summary>
/// <param name="Regions">Every region, in the order in which they are shown.</param>
/// <param name="UpstreamRequests">Requests that the upstream itself has counted.</param>
internal sealed record StatusSnapshot(IReadOnlyList<RegionStatus> Regions, int UpstreamRequests)
{
    /// <summary>All regions together.</summary>
    public MemberFigures Total => Regions.Aggregate(default(MemberFigures), (sum, region) => sum + region.Total);
}

/// <summary>A region at one moment.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">Its state in the routing table.</param>
/// <param name="Members">Its silos and front ends.</param>
internal sealed record RegionStatus(string Name, RegionState State, IReadOnlyList<MemberStatus> Members)
{
    /// <summary>
    /// Its members together. A request that a front end passed on is counted by both, so requests are what the doors
    /// count and everything else is what the silos count.
    /// </summary>
    public MemberFigures Total => Members.Aggregate(default(MemberFigures), (sum, member) => sum + member.Role switch
    {
        Role.FrontEnd => new MemberFigures(member.Figures.Requests, 0, 0, 0, 0),
        Role.Silo => member.Figures with { Requests = 0 },
        _ => member.Figures,
    });
}

/// <summary>A member at one moment.</summary>
/// <param name="Name">For people: <c>silo 1</c>.</param>
/// <param name="Role">What it does.</param>
/// <param name="IsLive">Whether the cluster sees it.</param>
/// <param name="Figures">What it did.</param>
internal sealed record MemberStatus(string Name, Role Role, bool IsLive, MemberFigures Figures)
{
    /// <summary>The word for <see cref="IsLive"/>.</summary>
    public string State => IsLive ? "live" : "gone";
}
