using ProxyCluster.Joining;

namespace ProxyCluster.Tests.Joining;

public class JoinedTasksTests
{
    [Fact]
    public async Task RunAsync_ManyAskersOfOneKey_ShareOneTask()
    {
        var joined = new JoinedTasks<string, int>(TestContext.Current.CancellationToken);
        var gate = new TaskCompletionSource();
        var runs = 0;
        async Task<int> Work(string key, CancellationToken cancel)
        {
            Interlocked.Increment(ref runs);
            await gate.Task;
            return 42;
        }

        var askers = Enumerable.Range(0, 500).Select(_ => joined.RunAsync("a", Work, CancellationToken.None)).ToList();
        gate.SetResult();

        Assert.All(await Task.WhenAll(askers), static answer => Assert.Equal(42, answer));
        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task RunAsync_OneAskerLeaves_TheOthersGetTheirAnswer()
    {
        var joined = new JoinedTasks<string, int>(TestContext.Current.CancellationToken);
        var gate = new TaskCompletionSource();
        using var leaving = new CancellationTokenSource();
        async Task<int> Work(string key, CancellationToken cancel)
        {
            await gate.Task.WaitAsync(cancel);
            return 1;
        }

        var first = joined.RunAsync("a", Work, leaving.Token);
        var second = joined.RunAsync("a", Work, CancellationToken.None);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        gate.SetResult();
        Assert.Equal(1, await second);
    }

    [Fact]
    public async Task RunAsync_AfterTheTaskEnded_StartsAnother()
    {
        var joined = new JoinedTasks<string, int>(TestContext.Current.CancellationToken);
        var runs = 0;
        Task<int> Work(string key, CancellationToken cancel) => Task.FromResult(++runs);

        Assert.Equal(1, await joined.RunAsync("a", Work, CancellationToken.None));
        Assert.Equal(2, await joined.RunAsync("a", Work, CancellationToken.None));
        Assert.Equal(0, joined.Count);
    }

    [Fact]
    public async Task RunAsync_TaskUnderWay_TellsOfEveryAskerButTheFirst()
    {
        var told = new List<string>();
        var joined = new JoinedTasks<string, int>(TestContext.Current.CancellationToken, told.Add);
        var end = new TaskCompletionSource<int>();
        var askers = Enumerable.Range(0, 3).Select(_ => joined.RunAsync("a", (_, _) => end.Task, CancellationToken.None)).ToList();
        var other = joined.RunAsync("b", (_, _) => end.Task, CancellationToken.None);
        end.SetResult(7);
        var heard = await Task.WhenAll(askers);
        Assert.Equal([7, 7, 7], heard);
        Assert.Equal(7, await other);
        Assert.Equal(["a", "a"], told);
    }

    [Fact]
    public async Task RunAsync_WorkFails_EverybodyHearsItAndTheNextOneTriesAgain()
    {
        var joined = new JoinedTasks<string, int>(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => joined.RunAsync("a", (_, _) => throw new InvalidOperationException("no"), CancellationToken.None));

        Assert.Equal(7, await joined.RunAsync("a", (_, _) => Task.FromResult(7), CancellationToken.None));
    }
}
