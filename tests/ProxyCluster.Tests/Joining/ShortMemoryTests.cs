using ProxyCluster.Joining;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Joining;

public sealed class ShortMemoryTests
{
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(10);

    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Find_WhileItIsTrue_GivesWhatWasLearned()
    {
        var memory = new ShortMemory<string>(1 << 20, KeptFor, _clock);
        memory.Remember("a", "absent", "absent");
        _clock.Advance(KeptFor - TimeSpan.FromTicks(1));
        Assert.Equal("absent", memory.FindOrNull("a"));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.Null(memory.FindOrNull("a"));
        Assert.Null(memory.FindOrNull("b"));
    }

    // Strangers choose how long names are; in UTF-16 a letter is two bytes.
    [Fact]
    public void Remember_LongNamesAndMessages_CountsTheirBytes()
    {
        var memory = new ShortMemory<string>(1 << 20, KeptFor, _clock);
        var rest = new string('x', 2_000);
        for (var i = 0; i < 1_000; i++)
            memory.Remember($"{i} {rest}", rest, rest);
        var kept = Enumerable.Range(0, 1_000).Where(i => memory.FindOrNull($"{i} {rest}") is not null).ToList();
        Assert.InRange(kept.Count, 100, (1 << 20) / (4 * rest.Length));
        Assert.Contains(999, kept);
    }
}
