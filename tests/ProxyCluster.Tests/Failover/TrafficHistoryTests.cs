using ProxyCluster.Failover;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Tests.Failover;

public sealed class TrafficHistoryTests
{
    private readonly TrafficHistory _history = new(TimeSpan.FromMinutes(5));

    [Fact]
    public void Next_SteadyTraffic_IsThatOfTheLastTimeAndOfTheOneBefore()
    {
        var lasting = Run(0, 1200, static second => new(3 * second, second, second, second / 2));

        Assert.InRange(lasting.Window, 300, 310);
        Assert.Equal((3 * lasting.Window, lasting.Window), (lasting.Last.Hits, lasting.Last.Misses));
        Assert.Equal(0.75, lasting.HitRatio);
        Assert.InRange(lasting.Before.Fetches, 300, 310);
        Assert.InRange(lasting.FetchFailureRise, -0.01, 0.01);
    }

    [Fact]
    public void Next_YoungMember_SaysHowYoungItIs()
    {
        var lasting = Run(0, 60, static second => new(second, 0, 0, 0));

        Assert.Equal((60, 60), (lasting.Window, lasting.Last.Hits));
    }

    [Fact]
    public void Next_FailuresBegan_HaveRisenUntilTheyAreOldThemselves()
    {
        static TrafficTotals Totals(int second) => new(0, 0, second, Math.Max(0, second - 1000));

        Assert.InRange(Run(0, 1000, Totals).FetchFailureRise, 0, 0.001);
        Assert.InRange(Run(1001, 1300, Totals).FetchFailureRise, 0.9, 1);
        Assert.InRange(Run(1301, 1700, Totals).FetchFailureRise, 0, 0.001);
    }

    private LastingTraffic Run(int from, int to, Func<int, TrafficTotals> totals)
    {
        var lasting = new LastingTraffic();
        for (var second = from; second <= to; second++)
            lasting = _history.Next(TimeSpan.FromSeconds(second), totals(second));
        return lasting;
    }
}
