using System.Collections.Immutable;
using ProxyCluster.Clustering;
using ProxyCluster.Routing;

namespace ProxyCluster.Tests.Clustering;

public class RouteOrderTests
{
    private static readonly ImmutableArray<Member> Silos =
    [
        .. new[] { "frankfurt", "sanjose", "tokyo" }.Select(static region =>
            new Member($"{region}-1", region, new Uri($"http://{region}:8080"), Role.Silo, "1")),
    ];

    [Fact]
    public void Regions_NothingSpecial_OwnRegionThenTheOrderOfFailover() =>
        Assert.Equal(["tokyo", "sanjose", "frankfurt"], RouteOrder.Regions(null, "tokyo", View(RegionState.Active)));

    [Fact]
    public void Regions_RequestNamesOne_ThatComesFirst() =>
        Assert.Equal(["frankfurt", "tokyo", "sanjose"], RouteOrder.Regions("frankfurt", "tokyo", View(RegionState.Active)));

    [Theory]
    [InlineData(RegionState.Failed)]
    [InlineData(RegionState.Drained)]
    public void Regions_OwnRegionOutOfService_GoesElsewhere(RegionState state) =>
        Assert.Equal(["sanjose", "frankfurt"], RouteOrder.Regions(null, "tokyo", View(state)));

    [Fact]
    public void Regions_NamedRegionOutOfService_CountsAsNotNamed() =>
        Assert.Equal(["frankfurt", "sanjose"], RouteOrder.Regions("tokyo", "frankfurt", View(RegionState.Drained)));

    [Fact]
    public void For_AKey_GivesTheSilosOfThoseRegions() => Assert.Equal(
        ["tokyo-1", "sanjose-1", "frankfurt-1"],
        RouteOrder.For("example.com/a", null, "tokyo", View(RegionState.Active)).Select(static silo => silo.Id));

    private static ClusterView View(RegionState tokyo) => new(Silos, new RoutingTable(
        1,
        [new RegionEntry("tokyo", tokyo, DateTimeOffset.UnixEpoch, "a test")],
        ImmutableDictionary<string, ImmutableArray<string>>.Empty.Add("tokyo", ["sanjose", "frankfurt"]),
        "test",
        DateTimeOffset.UnixEpoch));
}
