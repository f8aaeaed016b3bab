using System.Runtime.Versioning;
using ProxyCluster.Benchmarks.Measuring;

namespace ProxyCluster.Tests.Benchmarks.Measuring;

[SupportedOSPlatform("linux")]
public class TurnsTests
{
    [Fact]
    public async Task Measure_ThreeThings_EverySecondTurnGoesBackwards()
    {
        var asked = new List<char>();
        var turns = await Turns.MeasureAsync(3, [.. "abc".Select(thing => (Func<Task<char>>)(() => Note(thing)))]);

        Assert.Equal("abccbaabc", string.Concat(asked));
        Assert.All(turns, static turn => Assert.Equal("abc", string.Concat(turn)));

        Task<char> Note(char thing)
        {
            asked.Add(thing);
            return Task.FromResult(thing);
        }
    }
}
