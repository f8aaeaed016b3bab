using ProxyCluster.Grains;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Grains;

public class CallPatienceTests
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(1.5);

    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Calls_RefusedAtOnce_AreTriedThreeTimes()
    {
        var patience = new CallPatience(TimeSpan.FromSeconds(20), _clock);

        Assert.Equal([false, false, true], Enumerable.Range(0, 3).Select(_ => patience.IsOverAfterFailure()));
    }

    [Theory]
    [InlineData(2, 3)] // silent for 4.5 s, more than the hedge delay
    [InlineData(20, 14)] // for 21 s
    public void Calls_WithoutAnAnswer_AreTriedForTheHedgeDelayAtLeast(int hedgeDelay, int calls)
    {
        var patience = new CallPatience(TimeSpan.FromSeconds(hedgeDelay), _clock);

        Assert.Equal(calls, 1 + Enumerable.Range(0, 100).TakeWhile(_ => !TimesOut(patience)).Count());
    }

    [Fact]
    public void Calls_AfterAnAnswer_AreCountedAnew()
    {
        var patience = new CallPatience(TimeSpan.FromSeconds(2), _clock);
        Assert.False(TimesOut(patience));
        Assert.False(TimesOut(patience));

        patience.Answered();

        Assert.Equal([false, false, true], Enumerable.Range(0, 3).Select(_ => TimesOut(patience)));
    }

    private bool TimesOut(CallPatience patience)
    {
        _clock.Advance(CallTimeout);
        return patience.IsOverAfterFailure();
    }
}
