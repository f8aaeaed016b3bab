using ProxyCluster.Lines;

namespace ProxyCluster.Tests.Lines;

public sealed class HedgePatienceTests
{
    private static readonly TimeSpan Hedge = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(0.5);

    private readonly HedgePatience _patience = new(Hedge);

    [Fact]
    public void IsOver_AfterAPunctualWait_AtTheDelay()
    {
        _patience.Waited(Hedge, Hedge + TimeSpan.FromMilliseconds(90));
        Assert.False(_patience.IsOver(Hedge - TimeSpan.FromTicks(1)));
        Assert.True(_patience.IsOver(Hedge));
    }

    [Fact]
    public void IsOver_AfterALateWait_ListensForHalfADelayMore()
    {
        _patience.Waited(Hedge, Hedge + Late);
        Assert.False(_patience.IsOver(Hedge + Late));
        Assert.Equal(Hedge * 1.5, _patience.Limit);

        _patience.Waited(Late, Late);
        Assert.True(_patience.IsOver(Hedge * 1.5));
    }

    [Fact]
    public void IsOver_AfterAVeryLateWait_CountsTheExtensionFromNowOn()
    {
        _patience.Waited(Hedge, Hedge * 2);
        Assert.False(_patience.IsOver(Hedge * 2));
        Assert.Equal(Hedge * 2.5, _patience.Limit);
    }

    [Fact]
    public void IsOver_LateEveryTime_IsOverInTheEnd()
    {
        var silence = TimeSpan.Zero;
        var waits = 0;
        do
        {
            _patience.Waited(_patience.Limit - silence, _patience.Limit - silence + Late);
            silence = _patience.Limit + Late;
            waits++;
        }
        while (!_patience.IsOver(silence));

        Assert.InRange(waits, 2, 5);
        Assert.InRange(silence, Hedge, Hedge * 4);
    }
}
