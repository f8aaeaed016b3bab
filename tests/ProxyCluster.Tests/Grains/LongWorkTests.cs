using ProxyCluster.Grains;
using ProxyCluster.Outcomes;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Grains;

public class LongWorkTests
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    private readonly ManualTimeProvider _clock = new();
    private readonly LongWork<string, string> _work;

    public LongWorkTests() => _work = new LongWork<string, string>(Silence, _clock);

    [Fact]
    public async Task Wait_WorkThatEndsInTime_GivesItsResultToAllWhoWait()
    {
        var end = new TaskCompletionSource<Outcome<string>>();
        var first = _work.WaitAsync("list", () => end.Task, Heartbeat);
        var second = _work.WaitAsync("list", static () => throw new InvalidOperationException("joined, not started"), Heartbeat);
        end.SetResult("old");

        Assert.Equal("old", (await first)!.Value.Value);
        Assert.Equal("old", (await second)!.Value.Value);
        Assert.Equal(0, _work.Count);
    }

    [Fact]
    public async Task Wait_ForWhatWasFetchedAlready_StartsAnew()
    {
        Assert.Equal("old", await AskAsync("list", "old"));
        Assert.Equal("new", await AskAsync("list", "new"));
    }

    // The asker who was told that it is under way comes again at once; whoever comes later is another.
    [Theory]
    [InlineData(0, "old")]
    [InlineData(999, "old")]
    [InlineData(1000, "new")]
    [InlineData(900_000, "new")]
    public async Task Result_NobodyFetched_IsServedForTwoHeartbeats(int milliseconds, string expected)
    {
        await LeaveBehindAsync("list", "old");

        _clock.Advance(TimeSpan.FromMilliseconds(milliseconds));

        Assert.Equal(expected, await AskAsync("list", "new"));
    }

    [Fact]
    public async Task Failure_NobodyFetched_IsNotTheNextAskersAnswer()
    {
        await LeaveBehindAsync("list", new Failure(FailureKind.NotFound, "an old 404"));

        _clock.Advance(Heartbeat * 2);

        Assert.Equal("new", await AskAsync("list", "new"));
    }

    [Fact]
    public async Task Result_NobodyEverFetches_IsNotKeptForEver()
    {
        await LeaveBehindAsync("a", "old");
        await LeaveBehindAsync("b", "old");
        _clock.Advance(Heartbeat * 2);
        await AskAsync("c", "new");
        Assert.Equal(0, _work.Count);
    }

    [Fact]
    public async Task Work_UnderWayForLong_IsNotStartedAgain()
    {
        var end = await StartAsync("list");
        _clock.Advance(TimeSpan.FromMinutes(15));
        var waiting = _work.WaitAsync("list", static () => throw new InvalidOperationException("under way already"), Heartbeat);
        end.SetResult("old");
        Assert.Equal("old", (await waiting)!.Value.Value);
    }

    [Fact]
    public async Task Exception_OfTheWork_ReachesItsAskerAndNotTheNext()
    {
        await Assert.ThrowsAsync<TimeoutException>(() => _work.WaitAsync("list", static () => throw new TimeoutException("the work's own"), Heartbeat));
        Assert.Equal("new", await AskAsync("list", "new"));
    }

    // An asker that gave up after a heartbeat, and then the end.
    private async Task LeaveBehindAsync(string key, Outcome<string> result)
    {
        // It ends on a thread of its own, which may not even have come to wait for the result: the clock stands until it has.
        (await StartAsync(key)).SetResult(result);
        await Waiting.UntilAsync(() => _work.UnderWay == 0, "the work has ended");
    }

    private async Task<TaskCompletionSource<Outcome<string>>> StartAsync(string key)
    {
        var end = new TaskCompletionSource<Outcome<string>>();
        var started = new TaskCompletionSource();
        var waiting = _work.WaitAsync(
            key,
            () =>
            {
                started.SetResult();
                return end.Task;
            },
            Heartbeat);
        await started.Task;
        _clock.Advance(Heartbeat);
        Assert.Null(await waiting);
        return end;
    }

    private async Task<string> AskAsync(string key, string result) =>
        (await _work.WaitAsync(key, () => Task.FromResult<Outcome<string>>(result), Heartbeat))!.Value.Value;
}
