using ProxyCluster.Joining;

namespace ProxyCluster.Tests.Joining;

public sealed class KeyedLockTests
{
    private readonly KeyedLock<int> _locks = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Take_OneKey_ExcludesEveryOtherHolder()
    {
        var (inside, sum) = (0, 0);

        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
            {
                using var held = await _locks.TakeAsync(1, Cancel);
                Assert.Equal(1, Interlocked.Increment(ref inside));
                sum++;
                await Task.Yield();
                Interlocked.Decrement(ref inside);
            }
        })));

        Assert.Equal((3200, 0), (sum, _locks.Count));
    }

    [Fact]
    public async Task Take_AtOnceOrNotAtAll_GetsWhatNobodyHoldsOrWaitsFor()
    {
        var held = _locks.TakeOrNull(1);
        Assert.NotNull(held);
        Assert.Null(_locks.TakeOrNull(1));
        var waiting = _locks.TakeAsync(1, Cancel);
        held.Value.Dispose();
        (await waiting).Dispose();

        _locks.TakeOrNull(1)!.Value.Dispose();
        Assert.Equal(0, _locks.Count);
    }

    [Fact]
    public async Task Take_AnyOtherKey_IsNotHeldUp()
    {
        using var held = await _locks.TakeAsync(0, Cancel);

        for (var key = 1; key <= 1000; key++)
        {
            var other = _locks.TakeAsync(key, Cancel);
            Assert.True(other.IsCompleted, $"{key}");
            (await other).Dispose();
        }

        Assert.Equal(1, _locks.Count);
    }

    [Fact]
    public async Task Take_WaiterThatGivesUp_LeavesNothingBehind()
    {
        using var enough = new CancellationTokenSource();
        using (await _locks.TakeAsync(1, Cancel))
        {
            var waiting = _locks.TakeAsync(1, enough.Token).AsTask();
            await enough.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
            Assert.Equal(1, _locks.Count);
        }

        Assert.Equal(0, _locks.Count);
        using var again = await _locks.TakeAsync(1, Cancel);
    }
}
