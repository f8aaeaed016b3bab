using ProxyCluster.Drills.Load;

namespace ProxyCluster.Tests.Drills.Load;

public class LatencySummaryTests
{
    [Fact]
    public void Of_OneToAThousand_IsTheNearestRank()
    {
        var summary = LatencySummary.Of(Enumerable.Range(1, 1000).Reverse().Select(static ms => TimeSpan.FromMilliseconds(ms)));

        Assert.Equal(new LatencySummary(1000, 500, 990, 999, 1000), summary);
    }

    [Fact]
    public void Of_Nothing_IsZero() => Assert.Equal(new LatencySummary(0, 0, 0, 0, 0), LatencySummary.Of([]));

    [Fact]
    public void Of_One_IsThatOne() => Assert.Equal(new LatencySummary(1, 7, 7, 7, 7), LatencySummary.Of([TimeSpan.FromMilliseconds(7)]));
}
