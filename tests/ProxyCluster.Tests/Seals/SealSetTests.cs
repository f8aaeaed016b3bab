using ProxyCluster.Audit;
using ProxyCluster.Seals;

namespace ProxyCluster.Tests.Seals;

public sealed class SealSetTests
{
    [Fact]
    public void Round_IsOneEntryForAllLogs_AndTheNextHoldsItsHash()
    {
        var first = SealSet.Empty.With(Head("a", 5), 10).With(Head("b", 7), 10);
        var second = first.With(Head("a", 9), 11);

        Assert.Equal((1L, (string?)null, 2L, first.Hash()), (first.Number, first.Prev, second.Number, second.Prev));
        Assert.Equal([("a", 9L), ("b", 7L)], second.Heads.Select(static head => (head.Log, head.Sequence)));
    }

    // Whoever cut off the end of a log must not have the cluster forget it.
    [Fact]
    public void Log_NeverGoesBack()
    {
        var known = SealSet.Empty.With(Head("a", 5), 10);
        Assert.Same(known, known.With(Head("a", 4), 11));
        Assert.Same(known, known.With(Head("a", 5), 11));
    }

    [Fact]
    public void Document_RoundTrips_AndOthersAreRefused()
    {
        var set = SealSet.Empty.With(Head("a", 5), 10);
        Assert.True(SealSet.TryParse(set.Write(), out var read, out _));
        Assert.Equal(set.Hash(), read.Hash());
        Assert.True(SealSet.TryParse([], out var none, out _) && none == SealSet.Empty);
        Assert.False(SealSet.TryParse("{}"u8, out _, out _));
        Assert.False(SealSet.TryParse("{\"number\":1,\"heads\":[{}]}"u8, out _, out _));
        Assert.False(SealSet.TryParse("x"u8, out _, out _));
    }

    private static SealedHead Head(string log, long sequence) =>
        new(log, sequence, new string('a', AuditChain.HashLength), "tokyo-1", "tokyo", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
}
