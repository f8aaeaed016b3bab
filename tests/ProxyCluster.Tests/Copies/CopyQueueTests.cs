using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using ProxyCluster.Copies;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Storage;

namespace ProxyCluster.Tests.Copies;

/// <summary>The interleavings of a queue of copies, to a target that the test writes, on a clock that it moves.</summary>
public sealed class CopyQueueTests : IAsyncDisposable
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(2);

    private readonly DiskSite _site = new();
    private readonly ManualTimeProvider _clock;
    private readonly Target _target;

    public CopyQueueTests()
    {
        _clock = _site.Clock;
        _target = new Target(_site.Tree.OwedToRegions);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task Attempt_Fails_WaitsByItselfTwiceAsLongEachTimeUpToTheLongest()
    {
        using var queue = await StartAsync();
        queue.Owe(await CommittedAsync("example.com/a"), ArtifactKind.Zip);

        foreach (var seconds in (int[])[2, 4, 8, 8])
        {
            (await _target.NextAsync("example.com/a")).SetResult(HandOut.Failed("a test"));
            await _clock.TimerDueIn(TimeSpan.FromSeconds(seconds));
            Assert.Equal(1, queue.Waiting);
            _clock.Advance(TimeSpan.FromSeconds(seconds));
        }

        (await _target.NextAsync("example.com/a")).SetResult(HandOut.Settled("ok"));
        await UntilWaitingAsync(queue, 0);
        Assert.Equal([1, 2, 3, 4, 5], _target.Numbers);
        Assert.Equal(4, _target.Counts["retried"]);
    }

    [Fact]
    public async Task Attempt_FailsAgainAndAgain_HoldsUpNobodyElse()
    {
        using var queue = await StartAsync();
        queue.Owe(await CommittedAsync("example.com/bad"), ArtifactKind.Zip);
        (await _target.NextAsync("example.com/bad")).SetResult(HandOut.Failed("a test"));
        await _clock.TimerDueIn(First);

        // One at a time, and the clock stands still.
        queue.Owe(await CommittedAsync("example.com/good"), ArtifactKind.Zip);
        (await _target.NextAsync("example.com/good")).SetResult(HandOut.Settled("ok"));
        await UntilWaitingAsync(queue, 1);
    }

    [Fact]
    public async Task Attempt_TakesTooLong_HasFailed()
    {
        using var queue = await StartAsync();
        queue.Owe(await CommittedAsync("example.com/a"), ArtifactKind.Zip);
        await _target.NextAsync("example.com/a");

        _clock.Advance(_target.Pace.Limit);

        await _clock.TimerDueIn(First);
        Assert.Equal(1, _target.Counts["retried"]);
    }

    [Fact]
    public async Task Owed_Twice_IsHandedOutOnce()
    {
        using var queue = await StartAsync();
        var record = await CommittedAsync("example.com/a");
        queue.Owe(record, ArtifactKind.Zip);
        var attempt = await _target.NextAsync("example.com/a");
        queue.Owe(record, ArtifactKind.Zip);
        Assert.Equal(1, queue.Waiting);

        attempt.SetResult(HandOut.Settled("ok"));
        await UntilWaitingAsync(queue, 0);

        queue.Owe(await CommittedAsync("example.com/b"), ArtifactKind.Zip);
        await _target.NextAsync("example.com/b");
    }

    [Theory]
    [InlineData(true, "example.com/new")]
    [InlineData(false, "example.com/old")]
    public async Task Owed_BeyondTheLimit_DropsOneAndItsNote(bool keepsNewest, string kept)
    {
        _target.Pace = _target.Pace with { MaxWaiting = 1, KeepsNewest = keepsNewest };
        using var queue = await StartAsync();
        queue.Owe(await CommittedAsync("example.com/old"), ArtifactKind.Zip);
        var old = await _target.NextAsync("example.com/old");
        queue.Owe(await CommittedAsync("example.com/new"), ArtifactKind.Zip);
        Assert.Equal((1, 1, 1), (queue.Waiting, _target.Counts["dropped"], Directory.GetFiles(_site.Tree.OwedToRegions).Length));

        // What was dropped is not tried again.
        old.SetResult(HandOut.Failed("a test"));
        await _clock.TimerDueIn(First);
        _clock.Advance(First);
        (await _target.NextAsync(kept)).SetResult(HandOut.Settled("ok"));
        await UntilWaitingAsync(queue, 0);
        queue.Owe(await CommittedAsync("example.com/next"), ArtifactKind.Zip);
        await _target.NextAsync("example.com/next");
        Assert.Equal(keepsNewest ? [1, 1, 1] : [1, 2, 1], _target.Numbers);
    }

    [Fact]
    public async Task Note_OfAnEarlierProcess_IsOwedAndGoneWhenItArrived()
    {
        using (var before = await StartAsync())
        {
            before.Owe(await CommittedAsync("example.com/a"), ArtifactKind.Zip);
            await _target.NextAsync("example.com/a");
            await before.StopAsync(Cancel);
        }

        using var queue = await StartAsync();
        (await _target.NextAsync("example.com/a")).SetResult(HandOut.Settled("ok"));
        await UntilWaitingAsync(queue, 0);
        Assert.Empty(Directory.GetFiles(_site.Tree.OwedToRegions));
    }

    [Fact]
    public async Task AtOnce_Arrives_IsNotOwedAnyMore()
    {
        _target.Pace = _target.Pace with { AtOnceWithin = TimeSpan.FromSeconds(30) };
        using var queue = await StartAsync();
        var owing = queue.OweAsync(await CommittedAsync("example.com/a"), ArtifactKind.Zip, Cancel);
        Assert.Single(Directory.GetFiles(_site.Tree.OwedToRegions)); // noted before anything may break off

        (await _target.NextAsync("example.com/a")).SetResult(HandOut.Settled("ok"));
        await owing;

        Assert.Equal((0, 1), (queue.Waiting, _target.Counts["ok"]));
        Assert.Empty(Directory.GetFiles(_site.Tree.OwedToRegions));
    }

    [Theory]
    [InlineData(false)] // it hangs
    [InlineData(true)] // and the asker leaves
    public async Task AtOnce_DoesNotArrive_IsTriedInTheBackground(bool leaves)
    {
        _target.Pace = _target.Pace with { AtOnceWithin = TimeSpan.FromSeconds(30) };
        using var queue = await StartAsync();
        using var asker = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var owing = queue.OweAsync(await CommittedAsync("example.com/a"), ArtifactKind.Zip, asker.Token).AsTask();
        await _target.NextAsync("example.com/a");

        if (leaves)
        {
            await asker.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => owing);
        }
        else
        {
            _clock.Advance(TimeSpan.FromSeconds(30));
            await owing;
        }

        (await _target.NextAsync("example.com/a")).SetResult(HandOut.Settled("ok"));
        await UntilWaitingAsync(queue, 0);
    }

    [Fact]
    public async Task Stop_WithPatience_TriesWhatWaitsForItsPauseAndEndsWithTheLast()
    {
        _target.StopPatience = TimeSpan.FromSeconds(30);
        using var queue = await StartAsync();
        queue.Owe(await CommittedAsync("example.com/a"), ArtifactKind.Zip);
        (await _target.NextAsync("example.com/a")).SetResult(HandOut.Failed("a test"));
        await _clock.TimerDueIn(First);

        var stopping = queue.StopAsync(Cancel);
        (await _target.NextAsync("example.com/a")).SetResult(HandOut.Settled("ok"));

        await stopping;
        Assert.Equal(0, queue.Waiting);
    }

    [Theory]
    [InlineData(false)] // refused
    [InlineData(true)] // silent
    public async Task Stop_TargetTakesNothing_EndsAndLeavesTheNote(bool isSilent)
    {
        _target.StopPatience = TimeSpan.FromSeconds(30);
        using var queue = await StartAsync();
        queue.Owe(await CommittedAsync("example.com/a"), ArtifactKind.Zip);
        var attempt = await _target.NextAsync("example.com/a");

        var stopping = queue.StopAsync(Cancel);
        if (isSilent)
            _clock.Advance(_target.StopPatience);
        else
            attempt.SetResult(HandOut.Failed("a test"));

        await stopping;
        Assert.Single(Directory.GetFiles(_site.Tree.OwedToRegions));
    }

    [Fact]
    public async Task Stop_WithoutPatience_WaitsForNobody()
    {
        using var queue = await StartAsync();
        queue.Owe(await CommittedAsync("example.com/a"), ArtifactKind.Zip);
        await _target.NextAsync("example.com/a");

        await queue.StopAsync(Cancel);

        Assert.Single(Directory.GetFiles(_site.Tree.OwedToRegions));
    }

    [Fact]
    public async Task Substitute_AfterTheAttempts_GetsTheCopyInItsPlace()
    {
        _target.Pace = _target.Pace with { Attempts = 2 };
        _target.Substitute = "far";
        using var queue = await StartAsync();
        queue.Owe(await CommittedAsync("example.com/a"), ArtifactKind.Zip);
        (await _target.NextAsync("example.com/a")).SetResult(HandOut.Failed("a test"));
        await _clock.TimerDueIn(First);
        _clock.Advance(First);
        (await _target.NextAsync("example.com/a")).SetResult(HandOut.Failed("a test"));

        (await _target.NextAsync("example.com/a")).SetResult(HandOut.Settled("ok"));

        await UntilWaitingAsync(queue, 0);
        Assert.Equal(["next", "next", "far"], _target.To);
        Assert.Equal(1, _target.Counts["moved"]);
    }

    [Fact]
    public async Task Start_TargetCanNeverBeUsed_Ends()
    {
        _target.Refusal = new StoreException("a test");
        using var queue = Queue();
        await Assert.ThrowsAsync<StoreException>(() => queue.StartAsync(Cancel));
    }

    private CopyQueue<Target> Queue() => new(_target, _site.Tree, _site.Disk, _clock, NullLoggerFactory.Instance);

    private async Task<CopyQueue<Target>> StartAsync()
    {
        var queue = Queue();
        await queue.StartAsync(Cancel);
        return queue;
    }

    private async Task<ModuleRecord> CommittedAsync(string path) =>
        (await _site.CommitAsync(StoreSite.Module(path), ArtifactKind.Zip, [1])).Record;

    private static Task UntilWaitingAsync(CopyQueue<Target> queue, int count) => Waiting.UntilAsync(() => queue.Waiting == count);

    private sealed class Target(string notes) : ICopyTarget
    {
        private readonly ConcurrentDictionary<string, SemaphoreSlim> _arrivals = new();
        private readonly ConcurrentDictionary<string, ConcurrentQueue<TaskCompletionSource<HandOut>>> _attempts = new();

        public CopyPace Pace { get; set; } = new(
            notes, 100, KeepsNewest: true, Parallel: 1, Attempts: 10, First, TimeSpan.FromSeconds(8), TimeSpan.FromMinutes(10), TimeSpan.Zero);

        public TimeSpan StopPatience { get; set; }

        public string? Substitute { get; set; }

        public Exception? Refusal { get; set; }

        public ConcurrentQueue<int> Numbers { get; } = new();

        public ConcurrentQueue<string> To { get; } = new();

        public ConcurrentDictionary<string, int> Counts { get; } = new();

        /// <summary>The next attempt at a copy, for the test to answer.</summary>
        public async Task<TaskCompletionSource<HandOut>> NextAsync(string path)
        {
            Assert.True(await Of(_arrivals, path).WaitAsync(TimeSpan.FromSeconds(30), Cancel), $"no attempt at {path}");
            Assert.True(_attempts[path].TryDequeue(out var attempt));
            return attempt;
        }

        public Task CheckAsync(CancellationToken cancel) => Refusal is null ? Task.CompletedTask : Task.FromException(Refusal);

        public IEnumerable<string> OwedTo(ModuleRecord record, ArtifactKind kind) => ["next"];

        public Task<HandOut> TryAsync(OwedCopy copy, int number, CancellationToken cancel)
        {
            Numbers.Enqueue(number);
            To.Enqueue(copy.To);
            var attempt = new TaskCompletionSource<HandOut>(TaskCreationOptions.RunContinuationsAsynchronously);
            var path = copy.Module.Path.Value;
            _attempts.GetOrAdd(path, static _ => new()).Enqueue(attempt);
            Of(_arrivals, path).Release();
            return attempt.Task.WaitAsync(cancel);
        }

        public string? SubstituteOrNull(OwedCopy copy, Func<string, bool> isOwed) =>
            Substitute is { } other && other != copy.To && !isOwed(other) ? other : null;

        public void Count(OwedCopy copy, string outcome) => Counts.AddOrUpdate(outcome, 1, static (_, count) => count + 1);

        public void Observe(Func<ICollection<OwedCopy>> owed)
        {
        }

        private static SemaphoreSlim Of(ConcurrentDictionary<string, SemaphoreSlim> all, string key) =>
            all.GetOrAdd(key, static _ => new SemaphoreSlim(0));
    }
}
