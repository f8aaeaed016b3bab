using ProxyCluster.Drills.Relays;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Drills.Relays;

public sealed class LaneTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Arrival_WithoutConditions_IsNow()
    {
        var lane = new Lane(_clock);
        var before = lane.ArrivalOf(1);
        _clock.Advance(Second);

        Assert.Equal(before + Second, lane.ArrivalOf(1 << 20));
    }

    [Fact]
    public void Arrival_OnAThrottledLane_QueuesBehindWhatWasSentBefore()
    {
        var lane = new Lane(_clock);
        var now = lane.ArrivalOf(0);
        lane.BytesPerSecond = 1000;
        lane.Delay = Second;

        Assert.Equal(now + (2 * Second), lane.ArrivalOf(1000));
        Assert.Equal(now + (2.5 * Second), lane.ArrivalOf(500));
        _clock.Advance(10 * Second);
        Assert.Equal(now + (11.1 * Second), lane.ArrivalOf(100));
    }

    [Fact]
    public async Task Arrival_OnAHeldLane_WaitsUntilItOpens()
    {
        var lane = new Lane(_clock) { State = LaneState.Held };
        var arriving = lane.ArriveAsync(TimeSpan.Zero, TestContext.Current.CancellationToken).AsTask();
        Assert.False(arriving.IsCompleted);

        lane.State = LaneState.Open;

        await arriving;
    }

    [Fact]
    public void Broken_AfterACutThatWasHealed_IsAsNew()
    {
        var lane = new Lane(_clock);
        var first = lane.Broken;
        lane.State = LaneState.Cut;
        Assert.True(first.IsCancellationRequested);
        Assert.True(lane.Broken.IsCancellationRequested);

        lane.State = LaneState.Open;

        Assert.False(lane.Broken.IsCancellationRequested);
    }

    [Fact]
    public void Conditions_BetweenTwoRegions_ApplyToBothWaysAndToNobodyElse()
    {
        var lanes = new RegionLanes(_clock);
        lanes.SetRoundTrip("tokyo", "frankfurt", TimeSpan.FromMilliseconds(230));
        lanes.Cut("frankfurt", "tokyo");

        Assert.All([lanes.Find("tokyo", "frankfurt"), lanes.Find("frankfurt", "tokyo")], static lane =>
        {
            Assert.Equal(TimeSpan.FromMilliseconds(115), lane.Delay);
            Assert.Equal(LaneState.Cut, lane.State);
        });
        Assert.All([lanes.Find("tokyo", "tokyo"), lanes.Find("tokyo", "sanjose"), lanes.Find("sanjose", "frankfurt")], static lane =>
        {
            Assert.Equal(TimeSpan.Zero, lane.Delay);
            Assert.Equal(LaneState.Open, lane.State);
        });
    }
}
