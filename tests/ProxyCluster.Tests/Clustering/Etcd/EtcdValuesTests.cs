using System.Text;
using ProxyCluster.Clustering.Etcd;
using ProxyCluster.Routing;

namespace ProxyCluster.Tests.Clustering.Etcd;

public sealed class EtcdValuesTests
{
    [Fact]
    public void Routing_WithIntentsAndEvents_IsTheSameAfterwards()
    {
        var time = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var table = RoutingTable.Empty with
        {
            Epoch = 3,
            Authority = "a",
            Time = time,
            ToldUntil = 6,
            Regions =
            [
                new RegionEntry("tokyo", RegionState.Drained, time, "new racks")
                {
                    Intent = new OperatorIntent(IntentKind.Drain, "new racks", "alice", time, IsDone: true),
                    Alert = "needs a look",
                    Failures = 2,
                    IsCatchingUp = true,
                },
            ],
            Events = [new RoutingEvent(7, 3, time, RoutingEventKind.State, "tokyo", RegionState.Active, RegionState.Drained, 100, "new racks", "alice")],
        };

        var read = EtcdValues.RoutingOrNull(EtcdValues.FromRouting(table))!;

        Assert.Equal(table.Regions, read.Regions);
        Assert.Equal(table.Events, read.Events);
        Assert.Equal((3, 6, 7), (read.Epoch, read.ToldUntil, read.LastEventId));
    }

    [Fact]
    public void Routing_WrittenByAnEarlierVersion_HasNoIntentsAndNoEvents()
    {
        var read = EtcdValues.RoutingOrNull(Encoding.UTF8.GetBytes(
            """{"epoch":2,"regions":[{"name":"tokyo","state":"active","since":"2026-01-02T03:04:05+00:00","reason":"","share":100}],"failoverOrder":{},"authority":"a","time":"2026-01-02T03:04:05+00:00"}"""))!;

        Assert.Equal((2, 0), (read.Epoch, read.LastEventId));
        Assert.Empty(read.Events);
        Assert.Null(read.FindOrNull("tokyo")!.Intent);
    }

    [Fact]
    public void Routing_WithTheMostEvents_StaysSmall()
    {
        var change = new RoutingEvent(
            1, 1, DateTimeOffset.UnixEpoch, RoutingEventKind.State, "frankfurt", RegionState.Suspect, RegionState.Failed, 100, new string('x', 100), "frankfurt-0123456789ab");
        var table = RoutingTable.Empty with { Epoch = 1, Events = [.. Enumerable.Repeat(change, 128)] };

        Assert.InRange(EtcdValues.FromRouting(table).Length, 1, 48 << 10);
    }
}
