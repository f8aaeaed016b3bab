using System.Runtime.Versioning;
using ProxyCluster.Benchmarks.Trace;
using ProxyCluster.Clustering;
using ProxyCluster.Routing;

namespace ProxyCluster.Tests.Benchmarks.Trace;

[SupportedOSPlatform("linux")]
public class TraceClusterTests
{
    private const int Versions = 300;

    private static readonly ScriptedSource Source = new(["tokyo", "frankfurt", "sanjose"], Versions, 1);

    [Fact]
    public void WinnerIn_EveryRegion_IsTheFirstOfTheProductsOrder()
    {
        var cluster = new TraceCluster(Source, 7);

        Assert.All(Enumerable.Range(0, Versions), version => Assert.All(Source.Regions.Index(), region => Assert.Equal(
            RegionalOwner.For(Source.NameOf(version), region.Item, cluster.View)[0], cluster.Members[cluster.WinnerIn(region.Index, version)])));
    }

    [Fact]
    public void OtherRegions_EveryKey_AreThoseOfTheOwnersOrder()
    {
        var cluster = new TraceCluster(Source, 2);

        Assert.All(Enumerable.Range(0, Versions), version => Assert.Equal(
            OwnerOrder.For(Source.NameOf(version), cluster.View).Select(static member => member.Region).Distinct().Where(static region => region != "tokyo"),
            cluster.OtherRegions(0, version)));
    }

    [Fact]
    public void PlaceFor_CallersRegionRecovers_IsThereForItsShareOnly()
    {
        var cluster = new TraceCluster(Source, 2);
        cluster.Become(cluster.View with
        {
            Routing = RoutingTable.Empty with { Regions = [new RegionEntry("tokyo", RegionState.Recovering, DateTimeOffset.UnixEpoch, "a test", 30)] },
        });

        Assert.All(Enumerable.Range(0, Versions), version => Assert.Equal(
            OwnerOrder.IsWithinShare(Source.NameOf(version), "tokyo", cluster.View.Routing),
            cluster.RegionOf(cluster.PlaceFor(0, version)) == 0));
    }

    [Fact]
    public void AnsweringFor_RegionFailed_IsTheNextOfItsOrder()
    {
        var cluster = new TraceCluster(Source, 2);
        cluster.Become(cluster.View with
        {
            Routing = RoutingTable.Empty with
            {
                Regions = [new RegionEntry("tokyo", RegionState.Failed, DateTimeOffset.UnixEpoch, "a test")],
                FailoverOrder = RoutingTable.Empty.FailoverOrder.Add("tokyo", ["sanjose", "frankfurt"]),
            },
        });

        Assert.Equal([2, 1, 2], Enumerable.Range(0, 3).Select(cluster.AnsweringFor));
    }
}
