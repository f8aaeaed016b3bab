using System.Runtime.Versioning;
using ProxyCluster.Benchmarks.Trace.Sources;

namespace ProxyCluster.Tests.Benchmarks.Trace;

[SupportedOSPlatform("linux")]
public class ZipfSamplerTests
{
    private const int Draws = 1_000_000;

    [Theory]
    [InlineData(1000, 0.8)]
    [InlineData(1000, 1.0)]
    [InlineData(50, 1.3)]
    [InlineData(10_000_000, 1.0)]
    public void Next_ManyDraws_FirstRanksComeUpAsOftenAsZipfSays(int count, double exponent)
    {
        var drawn = Draw(count, exponent, 50);
        var total = Enumerable.Range(1, count).Sum(rank => Math.Pow(rank, -exponent));

        Assert.All(Enumerable.Range(0, 50), rank =>
        {
            // Five deviations of a binomial: one in a million for each, and the seed stays.
            var expected = Draws * Math.Pow(rank + 1, -exponent) / total;
            Assert.InRange(drawn[rank], expected - (5 * Math.Sqrt(expected)), expected + (5 * Math.Sqrt(expected)));
        });
    }

    [Fact]
    public void Next_FewRanks_GivesEachAndNoOther()
    {
        var drawn = Draw(3, 1, 3);

        Assert.DoesNotContain(0, drawn);
        Assert.Equal(Draws, drawn.Sum());
    }

    [Fact]
    public void Next_SmallestCount_IsAlwaysTheOne() => Assert.Equal([Draws], Draw(1, 1, 1));

    private static int[] Draw(int count, double exponent, int counted)
    {
        var sampler = new ZipfSampler(count, exponent);
        var random = new TraceRandom(7);
        var drawn = new int[counted];
        for (var i = 0; i < Draws; i++)
        {
            var rank = sampler.Next(ref random);
            Assert.InRange(rank, 0, count - 1);
            if (rank < counted)
                drawn[rank]++;
        }

        return drawn;
    }
}
