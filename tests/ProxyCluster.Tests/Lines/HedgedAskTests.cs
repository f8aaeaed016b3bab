using System.Collections.Concurrent;
using ProxyCluster.Clustering;
using ProxyCluster.Joining;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Lines;

public sealed class HedgedAskTests : IDisposable
{
    private static readonly TimeSpan Hedge = TestLines.Options.HedgeDelay;
    private static readonly TimeSpan Half = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private readonly TestLines _lines = new();
    private readonly ManualTimeProvider _clock;
    private readonly ConcurrentDictionary<string, Asked> _asked = new();
    private readonly ConcurrentQueue<string> _order = new();
    private readonly HashSet<string> _throwing = [];
    private Task<Outcome<string>>? _running;

    public HedgedAskTests() => _clock = _lines.Clock;

    public void Dispose() => _lines.Dispose();

    [Fact]
    public async Task Run_FirstAnswers_NobodyElseIsAsked()
    {
        var running = Run("a", "b", "self");
        (await StepAsync("a")).Answer("from a");
        Assert.Equal("from a", (await running).Value);
        Assert.Equal(["a"], _order);
    }

    [Fact]
    public async Task Run_PeersFail_TheNextOnesTakeOverAtOnceAndInOrder()
    {
        var running = Run("a", "b", "self");
        (await StepAsync("a")).Fail(FailureKind.PeerUnavailable);
        (await StepAsync("b")).Fail(FailureKind.Overloaded);
        (await StepAsync("self")).Answer("by itself");
        Assert.Equal("by itself", (await running).Value);
        Assert.Equal(["a", "b", "self"], _order);
    }

    [Fact]
    public async Task Run_Silence_NextStartsAfterTheDelayAndTheFirstGoodAnswerWins()
    {
        var running = Run("a", "b", "self");
        var a = await StepAsync("a");
        await _clock.TimerDueIn(Hedge);
        _clock.Advance(Hedge - TimeSpan.FromTicks(1));
        Assert.Equal(["a"], _order);
        _clock.Advance(TimeSpan.FromTicks(1));
        (await StepAsync("b")).Answer("from b");

        Assert.Equal("from b", (await running).Value);
        Assert.Equal(["a", "b"], _order);
        await a.Cancelled.Task;
    }

    [Fact]
    public async Task Run_SilenceAndNobodyWaitsAnyMore_EndsInsteadOfWaitingForTheSilentOne()
    {
        using var client = new CancellationTokenSource();
        Asking.Enter(default(Lane), client.Token);
        var running = Run("a", "b", "self");
        var a = await StepAsync("a");
        await _clock.TimerDueIn(Hedge);

        await client.CancelAsync();
        _clock.Advance(Hedge);

        Assert.Equal(FailureKind.Overloaded, (await running).Failure?.Kind);
        Assert.Equal(["a"], _order);
        await a.Cancelled.Task;
    }

    [Fact]
    public async Task Run_SilentHereButTalkingElsewhere_IsNoSilence()
    {
        var running = Run("a", "self");
        var a = await StepAsync("a");
        await HearElsewhereAsync("a", 6);
        await _clock.TimerDueIn(Hedge - Tick);
        Assert.Equal(["a"], _order);
        a.Answer("from a");
        Assert.Equal("from a", (await running).Value);
    }

    [Fact]
    public async Task Run_SilentEverywhere_NextStartsADelayAfterTheLastSignOfAny()
    {
        var running = Run("a", "self");
        await StepAsync("a");
        await _clock.TimerDueIn(Hedge);
        _clock.Advance(Half);
        _lines.Pulse.Heard("a");
        _clock.Advance(Half);
        await _clock.TimerDueIn(Half);
        Assert.Equal(["a"], _order);
        _clock.Advance(Half);

        (await StepAsync("self")).Answer("by itself");
        Assert.Equal("by itself", (await running).Value);
    }

    [Fact]
    public async Task Run_SilentHereForManyDelays_NextStartsWhateverItSaysElsewhere()
    {
        var running = Run("a", "self");
        await StepAsync("a");
        await HearElsewhereAsync("a", 8);
        await _clock.TimerDueIn(Hedge - Tick);
        Assert.Equal(["a"], _order);
        await HearElsewhereAsync("a", 1, Hedge - Tick);

        (await StepAsync("self")).Answer("by itself");
        Assert.Equal("by itself", (await running).Value);
    }

    [Fact]
    public async Task Run_SlowFirstAnswersAfterAll_ItWinsAndTheHedgeIsCancelled()
    {
        var running = Run("a", "b", "self");
        var a = await StepAsync("a");
        await _clock.TimerDueIn(Hedge);
        _clock.Advance(Hedge);
        var b = await StepAsync("b");
        a.Answer("from a");
        Assert.Equal("from a", (await running).Value);
        await b.Cancelled.Task;
    }

    [Fact]
    public async Task Run_LoserAnswersLate_ItsAnswerIsDisposed()
    {
        var late = new Disposed();
        var answer = new TaskCompletionSource<Outcome<Disposed>>();
        var winner = new Disposed();
        var started = new TaskCompletionSource();
        var running = _lines.Hedged.RunAsync<Disposed>(
            Steps("a", "self"),
            (step, _, _) =>
            {
                if (step.Peer is not null)
                    return answer.Task;
                started.SetResult();
                return Task.FromResult<Outcome<Disposed>>(winner);
            },
            TestContext.Current.CancellationToken);
        await _clock.TimerDueIn(Hedge);
        _clock.Advance(Hedge);
        await started.Task;
        Assert.Same(winner, (await running).Value);
        answer.SetResult(late);
        await late.Done.Task;
        Assert.False(winner.Done.Task.IsCompleted);
    }

    [Fact]
    public async Task Run_SignsOfLife_PutTheHedgeOff()
    {
        var running = Run("a", "self");
        var a = await StepAsync("a");
        await _clock.TimerDueIn(Hedge);
        _clock.Advance(Half);
        a.Sign();
        for (var i = 0; i < 10; i++)
        {
            // The timer of the silence before the last sign fires; the rest of the delay since that sign is waited for.
            _clock.Advance(Half);
            await _clock.TimerDueIn(Half);
            a.Sign();
            _clock.Advance(Half);
            await _clock.TimerDueIn(Half);
            Assert.Equal(["a"], _order);
            a.Sign();
        }

        a.Answer("slowly");
        Assert.Equal("slowly", (await running).Value);
    }

    [Fact]
    public async Task Run_HedgeFailsBesideASilentOne_TheNextStartsWithoutAnotherDelay()
    {
        var running = Run("frozen", "dead", "self");
        await StepAsync("frozen");
        await _clock.TimerDueIn(Hedge);
        _clock.Advance(Hedge);
        (await StepAsync("dead")).Fail(FailureKind.PeerUnavailable);
        (await StepAsync("self")).Answer("by itself");
        Assert.Equal("by itself", (await running).Value);
    }

    [Theory]
    [InlineData(FailureKind.NotFound)]
    [InlineData(FailureKind.Gone)]
    [InlineData(FailureKind.Blocked)]
    [InlineData(FailureKind.ChecksumMismatch)]
    [InlineData(FailureKind.ChecksumUnknown)]
    [InlineData(FailureKind.UpstreamInvalid)]
    [InlineData(FailureKind.Unknown)]
    public async Task Run_OwnerLearnedIt_IsTheAnswerForAll(FailureKind kind)
    {
        var running = Run("a", "b", "self");
        (await StepAsync("a")).Fail(kind);
        Assert.Equal(kind, (await running).Failure?.Kind);
        Assert.Equal(["a"], _order);
    }

    [Theory]
    [InlineData(FailureKind.UpstreamUnavailable)]
    [InlineData(FailureKind.UpstreamTimeout)]
    [InlineData(FailureKind.ChecksumDatabaseUnavailable)]
    public async Task Run_OwnersOutage_IsNotSharedAndThisSiloTriesByItself(FailureKind kind)
    {
        var running = Run("a", "b", "self");
        (await StepAsync("a")).Fail(kind);
        (await StepAsync("self")).Answer("by itself");
        Assert.Equal("by itself", (await running).Value);
        Assert.Equal(["a", "self"], _order);
    }

    [Fact]
    public async Task Run_AllFail_WhatTellsMostIsTheAnswer()
    {
        var peers = Run("a", "b");
        (await StepAsync("a")).Fail(FailureKind.Overloaded);
        (await StepAsync("b")).Fail(FailureKind.PeerUnavailable);
        Assert.Equal(FailureKind.Overloaded, (await peers).Failure?.Kind);

        var own = Run("c", "self");
        (await StepAsync("c")).Fail(FailureKind.PeerUnavailable);
        (await StepAsync("self")).Fail(FailureKind.UpstreamTimeout);
        Assert.Equal(FailureKind.UpstreamTimeout, (await own).Failure?.Kind);
    }

    [Fact]
    public async Task Run_Cancelled_EndsEveryStep()
    {
        using var cancel = new CancellationTokenSource();
        var running = Run(cancel.Token, "a", "self");
        var a = await StepAsync("a");
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await a.Cancelled.Task;
    }

    public static TheoryData<string> Throwing => ["at once", "later", "as a cancellation of its own"];

    [Theory]
    [MemberData(nameof(Throwing))]
    public async Task Run_PeersStepThrows_CountsAsFailedAndTheNextTakesOver(string how)
    {
        AtOnce(how, "a");
        var running = Run("a", "b", "self");
        await ThrowAsync("a", how);
        (await StepAsync("b")).Answer("from b");
        Assert.Equal("from b", (await running).Value);
        Assert.Equal(["a", "b"], _order);
        Assert.Single(_lines.Log.Exceptions);
    }

    [Theory]
    [InlineData("later")]
    [InlineData("as a cancellation of its own")]
    public async Task Run_PeerThrowsBesideOurOwnFetch_TheFetchGoesOn(string how)
    {
        var running = Run("a", "self");
        var a = await StepAsync("a");
        await _clock.TimerDueIn(Hedge);
        _clock.Advance(Hedge);
        var self = await StepAsync("self");
        a.Throw(how);
        self.Answer("by itself");
        Assert.Equal("by itself", (await running).Value);
    }

    [Theory]
    [MemberData(nameof(Throwing))]
    public async Task Run_EveryStepThrows_IsAnOutageThatSaysOnlyWhereToLook(string how)
    {
        AtOnce(how, "a", "self");
        var running = Run("a", "self");
        await ThrowAsync("a", how);
        await ThrowAsync("self", how);
        var failure = (await running).Failure!;
        Assert.Equal(FailureKind.StoreUnavailable, failure.Kind);
        Assert.DoesNotContain("secret", failure.Message, StringComparison.Ordinal);
        Assert.Equal(2, _lines.Log.Exceptions.Count);
    }

    [Theory]
    [MemberData(nameof(Throwing))]
    public async Task Run_OnlyPeersAndAllThrow_IsAPeersFailure(string how)
    {
        AtOnce(how, "a", "b");
        var running = Run("a", "b");
        await ThrowAsync("a", how);
        await ThrowAsync("b", how);
        Assert.Equal(FailureKind.PeerUnavailable, (await running).Failure?.Kind);
    }

    [Fact]
    public async Task Run_LoserThrowsAfterTheAnswer_IsNobodysConcern()
    {
        var running = Run("a", "self");
        var a = await StepAsync("a");
        await _clock.TimerDueIn(Hedge);
        _clock.Advance(Hedge);
        (await StepAsync("self")).Answer("by itself");
        Assert.Equal("by itself", (await running).Value);
        a.Throw("later");
        _lines.Log.AssertNoExceptions();
    }

    [Fact]
    public void After_EveryKind_IsDecided()
    {
        var after = new Dictionary<FailureKind, NextStep>
        {
            [FailureKind.NotFound] = NextStep.Stop,
            [FailureKind.Gone] = NextStep.Stop,
            [FailureKind.NotCached] = NextStep.Stop,
            [FailureKind.Hidden] = NextStep.Stop,
            [FailureKind.LoginRequired] = NextStep.Stop,
            [FailureKind.WrongLogin] = NextStep.Stop,
            [FailureKind.LoginUnavailable] = NextStep.NextPeer,
            [FailureKind.BadRequest] = NextStep.Stop,
            [FailureKind.Blocked] = NextStep.Stop,
            [FailureKind.NotSupported] = NextStep.Stop,
            [FailureKind.UpstreamInvalid] = NextStep.Stop,
            [FailureKind.ChecksumMismatch] = NextStep.Stop,
            [FailureKind.ChecksumDatabaseInvalid] = NextStep.Stop,
            [FailureKind.ChecksumUnknown] = NextStep.Stop,
            [FailureKind.Unknown] = NextStep.Stop,
            [FailureKind.PeerUnavailable] = NextStep.NextPeer,
            [FailureKind.StoreUnavailable] = NextStep.NextPeer,
            [FailureKind.Overloaded] = NextStep.NextPeer,
            [FailureKind.LoopDetected] = NextStep.NextPeer,
            [FailureKind.UpstreamUnavailable] = NextStep.Self,
            [FailureKind.UpstreamTimeout] = NextStep.Self,
            [FailureKind.ChecksumDatabaseUnavailable] = NextStep.Self,
        };
        Assert.Equal(Enum.GetValues<FailureKind>(), after.Keys.Order());
        foreach (var (kind, next) in after)
        {
            Assert.Equal((kind, next), (kind, HedgedAsk.After(kind)));
            var outage = FailureTable.For(kind).RetryAfter is not null || kind == FailureKind.LoopDetected;
            Assert.True(outage == (next != NextStep.Stop), $"{kind}: outages are asked on, the rest is shared");
        }

        Assert.Equal(NextStep.Stop, HedgedAsk.After((FailureKind)int.MaxValue));
    }

    /// <summary>The peer is heard in another call just before the wait for it is over, again and again.</summary>
    private async Task HearElsewhereAsync(string name, int times, TimeSpan? firstWait = null)
    {
        var wait = firstWait ?? Hedge;
        for (var i = 0; i < times; i++)
        {
            await _clock.TimerDueIn(wait);
            _clock.Advance(wait - Tick);
            _lines.Pulse.Heard(name);
            _clock.Advance(Tick);
            wait = Hedge - Tick;
        }
    }

    private Task<Outcome<string>> Run(params string[] steps) => Run(TestContext.Current.CancellationToken, steps);

    private Task<Outcome<string>> Run(CancellationToken cancel, params string[] steps) => _running = _lines.Hedged.RunAsync<string>(
        Steps(steps),
        (step, alive, stop) =>
        {
            var name = step.Peer?.Id ?? "self";
            _order.Enqueue(name);
            var asked = _asked.GetOrAdd(name, static _ => new Asked());
            stop.Register(() => asked.Cancelled.TrySetResult());
            if (_throwing.Contains(name))
                throw Bug();
            asked.Started.SetResult(alive);
            return asked.Outcome.Task;
        },
        cancel);

    private static System.Collections.Immutable.ImmutableArray<AskStep> Steps(params string[] names) =>
    [
        .. names.Select(name => name == "self"
            ? new AskStep(null, AskLevel.Home)
            : new AskStep(TestLines.Peer(name), AskLevel.Home)),
    ];

    private static InvalidOperationException Bug() => new("the secret path");

    private void AtOnce(string how, params string[] steps) => _throwing.UnionWith(how == "at once" ? steps : []);

    private async Task ThrowAsync(string name, string how)
    {
        if (how != "at once")
            (await StepAsync(name)).Throw(how);
    }

    private async Task<Asked> StepAsync(string name)
    {
        var asked = _asked.GetOrAdd(name, static _ => new Asked());
        await Task.WhenAny(asked.Started.Task, _running!);
        Assert.True(asked.Started.Task.IsCompleted, $"it ended before {name} was asked: {_running!.Exception?.Message}");
        asked.Sign = await asked.Started.Task;
        return asked;
    }

    private sealed class Asked
    {
        public TaskCompletionSource<Action> Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<Outcome<string>> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Action Sign { get; set; } = static () => { };

        public void Answer(string answer) => Outcome.SetResult(answer);

        public void Throw(string how)
        {
            if (how == "later")
                Outcome.SetException(Bug());
            else
                Outcome.SetCanceled(new CancellationToken(canceled: true));
        }

        public void Fail(FailureKind kind) => Outcome.SetResult(new Failure(kind, kind.ToString()));
    }

    private sealed class Disposed : IDisposable
    {
        public TaskCompletionSource Done { get; } = new();

        public void Dispose() => Done.TrySetResult();
    }
}
