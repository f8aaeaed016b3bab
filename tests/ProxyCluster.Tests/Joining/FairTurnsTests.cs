using System.Net;
using ProxyCluster.Joining;
using ProxyCluster.Sockets;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Joining;

public sealed class FairTurnsTests : IDisposable
{
    private const int Turns = 8;
    private const int MaxWaiting = 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    private readonly ManualTimeProvider _clock = new();
    private readonly FairTurns _turns;
    private readonly ClientWindow _clients;
    private readonly List<string> _served = [];

    public FairTurnsTests() => _turns = new FairTurns(Turns, MaxWaiting, _clock, _clients = new ClientWindow(_clock));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _turns.Dispose();

    [Fact]
    public async Task Take_OneClientAsksForEverything_LeavesAQuarterToOthers()
    {
        var greedy = Many("10.0.0.1", Turns);
        Assert.Equal(Turns * 3 / 4, greedy.Count(static asked => asked.IsCompleted));

        var others = Enumerable.Range(2, Turns / 4).Select(i => AskAsync($"10.0.0.{i}")).ToList();
        Assert.All(await Task.WhenAll(others), Assert.NotNull);
        Assert.False(AskAsync("10.0.0.99").IsCompleted);
    }

    [Fact]
    public async Task Take_ManyOfOneClientWait_TheOthersComeInBetween()
    {
        var greedy = Many("10.0.0.1", Turns + 4);
        var late = new[] { "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.2" }.Select(NoteAsync).ToList();
        Assert.Equal(["10.0.0.2", "10.0.0.3"], _served);

        // The first turn that ends goes to who has none; once there are more than are kept for such, the next to who has fewest.
        (await greedy[0])!.Dispose();
        await late[2].WaitAsync(Patience, Cancel);
        foreach (var ended in greedy[1..4])
            (await ended)!.Dispose();
        await late[3].WaitAsync(Patience, Cancel);
        Assert.Equal(["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.2"], _served);
    }

    [Fact]
    public async Task Take_NoRoomToWait_TheClientWithMostGivesWay()
    {
        var running = Many("10.0.0.1", Turns * 3 / 4);
        var waiting = Many("10.0.0.1", MaxWaiting);
        Assert.Null(await AskAsync("10.0.0.1"));
        await AskAsync("10.0.0.3");
        await AskAsync("10.0.0.4");

        // Its newest for the newcomer; the older ones wait on.
        var late = AskAsync("10.0.0.2");
        Assert.False(late.IsCompleted);
        Assert.Null(await waiting[^1]);
        Assert.False(waiting[^2].IsCompleted);
        Assert.Equal(MaxWaiting, _turns.Waiting);
        Assert.All(running, static asked => Assert.True(asked.IsCompletedSuccessfully));
    }

    [Fact]
    public async Task Take_NobodyWaitsAnyMore_IsLetGo()
    {
        using var leaving = new CancellationTokenSource();
        Many("10.0.0.1", Turns * 3 / 4);
        var left = AskUntilAsync("10.0.0.1", leaving.Token);
        var stays = AskAsync("10.0.0.1");
        await leaving.CancelAsync();
        Assert.Equal(2, _turns.Waiting);

        _clock.Advance(Look);
        Assert.Null(await left);
        Assert.Equal(1, _turns.Waiting);
        Assert.False(stays.IsCompleted);
    }

    [Fact]
    public async Task Take_AClientWithoutTurnsJoinsWorkThatWaits_BringsItForward()
    {
        Many("10.0.0.1", Turns * 3 / 4);
        var joined = new JoinedTasks<string, FairTurns.Turn?>(Cancel);
        var first = JoinAsync("10.0.0.1");
        while (_turns.Waiting == 0)
            await Task.Yield();
        var second = JoinAsync("10.0.0.2");
        _clock.Advance(Look);
        Assert.NotNull(await second.WaitAsync(Patience, Cancel));
        Assert.Same(await first, await second);

        async Task<FairTurns.Turn?> JoinAsync(string client)
        {
            Asking.Enter(Lane.Of(IPAddress.Parse(client), null), CancellationToken.None);
            return await joined.RunAsync("a", async (_, cancel) => await _turns.TakeAsync(Patience, cancel), Cancel);
        }
    }

    [Fact]
    public async Task Take_WorkWasLetGoAndSomebodyCame_IsDoneAgain()
    {
        using var leaving = new CancellationTokenSource();
        var joined = new JoinedTasks<string, string>(Cancel);
        var (mayAsk, wasLetGo, mayEnd) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        var runs = 0;
        var first = JoinAsync(leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        mayAsk.SetResult();
        await wasLetGo.Task.WaitAsync(Patience, Cancel);
        var second = JoinAsync(CancellationToken.None);
        mayEnd.SetResult();
        Assert.Equal("run 2", await second.WaitAsync(Patience, Cancel));

        async Task<string> JoinAsync(CancellationToken left)
        {
            Asking.Enter(Lane.Of(IPAddress.Loopback, null), left);
            return await joined.RunAsync("a", WorkAsync, left);
        }

        async Task<string> WorkAsync(string key, CancellationToken cancel)
        {
            if (++runs == 1)
            {
                await mayAsk.Task;
                Assert.Null(await _turns.TakeAsync(Patience, cancel));
                wasLetGo.SetResult();
                await mayEnd.Task;
            }

            return $"run {runs}";
        }
    }

    [Fact]
    public async Task Take_WaitsTooLong_EndsWithoutATurn()
    {
        Many("10.0.0.1", Turns * 3 / 4);
        var late = AskAsync("10.0.0.1");
        _clock.Advance(Patience);
        Assert.Null(await late);
        Assert.Equal(0, _turns.Waiting);
    }

    [Fact]
    public async Task Dispose_OfATurnTwice_GivesOneBack()
    {
        var running = Many("10.0.0.1", Turns * 3 / 4);
        var waiting = Many("10.0.0.1", 2);
        (await running[0])!.Dispose();
        (await running[0])!.Dispose();
        Assert.NotNull(await waiting[0]);
        Assert.False(waiting[1].IsCompleted);
    }

    [Fact]
    public async Task Take_WorkWaits_IsCountedForItsClientWhileItDoes()
    {
        var running = Many("10.0.0.1", Turns * 3 / 4);
        var waiting = Many("10.0.0.1", 2);
        _clock.Advance(4 * Look);
        Assert.Equal(2, QueueSeconds("10.0.0.1"));

        // To the moment of its turn, and not beyond.
        _clock.Advance(Look / 2);
        (await running[0])!.Dispose();
        await waiting[0];
        (await running[1])!.Dispose();
        await waiting[1];
        _clock.Advance(4 * Look);
        Assert.Equal(2.25, QueueSeconds("10.0.0.1"));
    }

    [Fact]
    public async Task Take_AMembersOwnWorkWaits_IsNoClients()
    {
        Many("10.0.0.1", Turns * 3 / 4);
        for (var i = 0; i < Turns; i++)
            _ = AskForMemberAsync();
        Assert.True(_turns.Waiting > 0);
        _clock.Advance(4 * Look);
        Assert.Empty(_clients.Read(ClientWindow.Minute).Clients);

        async Task AskForMemberAsync()
        {
            Asking.Enter(Lane.Of(null, "silo-2"), CancellationToken.None);
            await _turns.TakeAsync(Patience, Cancel);
        }
    }

    private double QueueSeconds(string client) => _clients.Read(ClientWindow.Minute).Clients
        .Single(one => one.Key == ClientAddress.Of(IPAddress.Parse(client))).Value.Queued.TotalSeconds;

    private List<Task<FairTurns.Turn?>> Many(string client, int count) => [.. Enumerable.Range(0, count).Select(_ => AskAsync(client))];

    private async Task NoteAsync(string client)
    {
        await AskAsync(client);
        _served.Add(client);
    }

    private Task<FairTurns.Turn?> AskAsync(string client) => AskUntilAsync(client, CancellationToken.None);

    private async Task<FairTurns.Turn?> AskUntilAsync(string client, CancellationToken left)
    {
        Asking.Enter(Lane.Of(IPAddress.Parse(client), null), left);
        return await _turns.TakeAsync(Patience, Cancel);
    }
}
