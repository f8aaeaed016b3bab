using ProxyCluster.Failover;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Failover;

public sealed class StoreProbeTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _clock = new();
    private readonly ManualResetEventSlim _mayGo = new();
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _probes;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _mayGo.Dispose();

    [Fact]
    public async Task Ask_StoreThatWorks_SaysSoWithItsRoom()
    {
        var probe = new StoreProbe(static () => (3, 10), Limit, _clock);

        Assert.Equal(new StoreHealth(true, 0, null, 3, 10), await probe.AskAsync(Cancel));
    }

    [Fact]
    public async Task Ask_StoreThatThrows_SaysWhy()
    {
        var probe = new StoreProbe(static () => throw new IOException("disk full"), Limit, _clock);

        Assert.Equal(new StoreHealth(false, 0, "disk full", 0, 0), await probe.AskAsync(Cancel));
    }

    [Fact]
    public async Task Ask_StoreThatHangs_FailsInTimeAndIsNotAskedTwice()
    {
        var probe = new StoreProbe(Hang, Limit, _clock);

        for (var ask = 1; ask <= 2; ask++)
        {
            var asking = probe.AskAsync(Cancel);
            await _clock.TimerDueIn(Limit);
            await _begun.Task; // the probe has a thread of its own, which begins when it likes
            _clock.Advance(Limit);
            Assert.Equal(new StoreHealth(false, 1000 * ask, "the store does not answer", 0, 0), await asking);
        }

        Assert.Equal(1, _probes);
        var last = probe.AskAsync(Cancel);
        _mayGo.Set();
        Assert.True((await last).IsOk);
        Assert.True((await probe.AskAsync(Cancel)).IsOk);
        Assert.Equal(2, _probes);
    }

    private (long, long) Hang()
    {
        Interlocked.Increment(ref _probes);
        _begun.TrySetResult();
        _mayGo.Wait(TimeSpan.FromSeconds(60));
        return (1, 2);
    }
}
