using System.Text;
using System.Text.Json;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Lines;

public sealed class PeerLinesTests : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    private readonly TestLines _lines = new();
    private readonly ManualTimeProvider _clock;
    private readonly CancellationTokenSource _caller = new();

    public PeerLinesTests() => _clock = _lines.Clock;

    public void Dispose()
    {
        _caller.Dispose();
        _lines.Dispose();
    }

    [Fact]
    public async Task Run_Answer_IsASignOfLifeAndEndsASilence()
    {
        _lines.Pulse.Silent("a");
        Assert.Equal("answer", (await Run(static _ => Task.FromResult<Outcome<string>>("answer"))).Value);
        AssertStanding(isGood: true, TimeSpan.Zero);
    }

    /// <summary>Who says what is wrong with the thing, or with itself, is there.</summary>
    [Fact]
    public async Task Run_AnyFailure_IsAnAnswerUnlessThePeerCouldNotBeUsed()
    {
        foreach (var kind in Enum.GetValues<FailureKind>())
        {
            _lines.Pulse.Answered("a");
            _clock.Advance(Tick);
            var failure = new Failure(kind, "why");
            Assert.Same(failure, (await Run(_ => Task.FromResult<Outcome<string>>(failure))).Failure);
            var isUsable = kind != FailureKind.PeerUnavailable;
            // Too much work says nothing of who is there.
            AssertStanding(isUsable, isUsable && kind != FailureKind.Overloaded ? TimeSpan.Zero : Tick);
        }
    }

    public static TheoryData<string> Nonsense => ["IOException", "InvalidDataException", "HttpRequestException", "JsonException", "OperationCanceledException"];

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task Run_AnswerThatCannotBeRead_IsAPeerThatCannotBeUsed(string what)
    {
        var outcome = await Run(_ => throw what switch
        {
            "IOException" => new IOException("torn"),
            "InvalidDataException" => new InvalidDataException("torn"),
            "HttpRequestException" => new HttpRequestException("torn"),
            "JsonException" => new JsonException("torn"),
            _ => new OperationCanceledException("of its own"),
        });
        Assert.Equal(FailureKind.PeerUnavailable, outcome.Failure?.Kind);
        AssertStanding(isGood: false, TimeSpan.MaxValue);
    }

    [Fact]
    public async Task Run_BugInTheWork_SurfacesAndSaysNothingOfThePeer()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Run(static _ => throw new InvalidOperationException("a bug")));
        AssertStanding(isGood: true, TimeSpan.MaxValue);
    }

    [Fact]
    public async Task Run_SilenceForTheIdleTime_IsAPeerThatCannotBeUsed()
    {
        var running = Run(WaitAsync);
        _clock.Advance(TestLines.Options.IdleTimeout);
        Assert.Equal(FailureKind.PeerUnavailable, (await running).Failure?.Kind);
        AssertStanding(isGood: false, TimeSpan.MaxValue);
    }

    [Fact]
    public async Task Run_SignsForTheTotalTime_IsGivenUpAllTheSame()
    {
        SilenceLimit? line = null;
        var running = Run(call => WaitAsync(line = call));
        for (var second = 0; second < TestLines.Options.TotalTimeout.TotalSeconds; second++)
        {
            Assert.False(running.IsCompleted);
            line!.Sign();
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(FailureKind.PeerUnavailable, (await running).Failure?.Kind);
    }

    // Ticks by which the caller leaves before or after the hedge delay, and what was heard of the peer meanwhile.
    [Theory]
    [InlineData(-1, "nothing", true)]
    [InlineData(0, "nothing", false)]
    [InlineData(0, "a sign in this call", true)]
    [InlineData(0, "a sign in another call", true)]
    [InlineData(0, "a sign of another peer", false)]
    public async Task Run_CallerLeaves_SaysOfThePeerOnlyThatItWasSilentForTheHedgeDelay(int ticks, string heard, bool isGood)
    {
        SilenceLimit? line = null;
        var running = Run(call => WaitAsync(line = call));
        _clock.Advance(Tick);
        switch (heard)
        {
            case "a sign in this call":
                line!.Sign();
                break;
            case "a sign in another call":
                _lines.Pulse.Heard("a");
                break;
            case "a sign of another peer":
                _lines.Pulse.Heard("b");
                break;
        }

        _clock.Advance(TestLines.Options.HedgeDelay - Tick + TimeSpan.FromTicks(ticks));
        await _caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(isGood, _lines.Pulse.IsGood("a"));
        Assert.Equal(0, _clock.ArmedTimers);
    }

    [Fact]
    public async Task Send_SilentWhileItWorks_IsWaitedForAsLongAsTheCallerWaits()
    {
        var asked = new TaskCompletionSource();
        using var done = new ManualResetEventSlim();
        await using var peer = new RawListener(_ =>
        {
            asked.SetResult();
            done.Wait(_caller.Token);
            return RawListener.Http("204 No Content");
        });
        var sending = _lines.Lines.SendAsync(peer.Member, HttpMethod.Get, PeerCalls.Prefix + "forward/1/", null, _caller.Token);
        await asked.Task;
        _clock.Advance(TimeSpan.FromHours(1));
        done.Set();
        using var response = (await sending).Value;
        Assert.Equal(204, (int)response.StatusCode);
        AssertStanding(isGood: true, TimeSpan.Zero);
    }

    [Fact]
    public async Task Ask_FramesAndWhatFollows_ReachTheTakerWithASignForEach()
    {
        await using var peer = new RawListener(_ => RawListener.Http("200 OK", "", "W\0\0\0\0W\0\0\0\0R\0\0\0\u0003abcrest"));
        var signs = 0;
        var outcome = await _lines.Lines.AskAsync<string>(
            peer.Member,
            PeerCalls.Prefix + "artifact/home/x",
            PeerFrameType.Record,
            async (payload, body, line) => Encoding.ASCII.GetString(payload) + " " + await new StreamReader(body).ReadToEndAsync(line.Token),
            () => signs++,
            _caller.Token);
        Assert.Equal("abc rest", outcome.Value);
        Assert.Equal(4, signs);
    }

    private Task<Outcome<string>> Run(Func<SilenceLimit, Task<Outcome<string>>> work) =>
        _lines.Lines.RunAsync(TestLines.Peer("a"), work, null, _caller.Token);

    private static async Task<Outcome<string>> WaitAsync(SilenceLimit line)
    {
        await Task.Delay(Timeout.Infinite, line.Token);
        return "never";
    }

    private void AssertStanding(bool isGood, TimeSpan since)
    {
        Assert.Equal((isGood, since), (_lines.Pulse.IsGood("a"), _lines.Pulse.Since("a")));
        Assert.Equal(0, _clock.ArmedTimers);
    }
}
