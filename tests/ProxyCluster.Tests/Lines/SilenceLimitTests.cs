using ProxyCluster.Lines;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Lines;

public sealed class SilenceLimitTests : IDisposable
{
    private static readonly PeerOptions Options = new() { IdleTimeout = TimeSpan.FromSeconds(5), TotalTimeout = TimeSpan.FromSeconds(60) };

    private readonly TestLines _lines = new();
    private readonly ManualTimeProvider _clock;
    private readonly CancellationTokenSource _caller = new();

    public SilenceLimitTests() => _clock = _lines.Clock;

    public void Dispose()
    {
        _caller.Dispose();
        _lines.Dispose();
    }

    [Fact]
    public void Silence_ForTheIdleTime_Fires()
    {
        using var limit = Limit();
        _clock.Advance(Options.IdleTimeout - TimeSpan.FromTicks(1));
        Assert.False(limit.Token.IsCancellationRequested);
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.True(limit.Token.IsCancellationRequested);
    }

    [Fact]
    public void Silence_WhileThePeerTalksElsewhere_FiresOnlyAfterMuchLonger()
    {
        using var limit = Limit();
        for (var i = 0; i < 19; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            _lines.Pulse.Heard("a");
        }

        Assert.False(limit.Token.IsCancellationRequested);
        _clock.Advance(Options.IdleTimeout);
        Assert.True(limit.Token.IsCancellationRequested);
    }

    [Fact]
    public void Silence_OfACallForMuchLonger_FiresAlthoughThePeerTalksElsewhere()
    {
        using var limit = Limit();
        for (var i = 0; i < 25; i++)
        {
            _lines.Pulse.Heard("a");
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.True(limit.Token.IsCancellationRequested);
    }

    [Fact]
    public void Silence_WhileAnotherPeerTalks_Fires()
    {
        using var limit = Limit();
        _clock.Advance(TimeSpan.FromSeconds(4));
        _lines.Pulse.Heard("b");
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(limit.Token.IsCancellationRequested);
    }

    [Fact]
    public void Silence_WhenThePeerFallsSilentElsewhereToo_FiresTheIdleTimeAfterItsLastSign()
    {
        using var limit = Limit();
        _clock.Advance(TimeSpan.FromSeconds(4));
        _lines.Pulse.Heard("a");
        _clock.Advance(Options.IdleTimeout - TimeSpan.FromTicks(1));
        Assert.False(limit.Token.IsCancellationRequested);
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.True(limit.Token.IsCancellationRequested);
    }

    [Fact]
    public void Pause_NobodyListens_DoesNotFireAndResumingStartsAnewWithoutASign()
    {
        using var limit = Limit();
        limit.Pause();
        _clock.Advance(TimeSpan.FromSeconds(30));
        limit.Resume();
        Assert.Equal(TimeSpan.MaxValue, _lines.Pulse.Since("a"));
        _clock.Advance(Options.IdleTimeout - TimeSpan.FromTicks(1));
        Assert.False(limit.Token.IsCancellationRequested);
        _clock.Advance(Options.IdleTimeout);
        Assert.True(limit.Token.IsCancellationRequested);
    }

    [Fact]
    public void Sign_IsASignInEveryCallAndIsPassedOn()
    {
        var signs = 0;
        using var limit = new SilenceLimit(
            _lines.Pulse, TestLines.Peer("a"), Options.IdleTimeout, Options.TotalTimeout, () => signs++, _clock, _caller.Token);
        _clock.Advance(TimeSpan.FromSeconds(1));
        limit.Sign();
        Assert.Equal((1, TimeSpan.Zero, TimeSpan.Zero), (signs, _lines.Pulse.Since("a"), limit.Silence));
    }

    [Fact]
    public void Sign_StartsTheIdleTimeAnew()
    {
        using var limit = Limit();
        for (var i = 0; i < 5; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(4));
            limit.Sign();
        }

        Assert.False(limit.Token.IsCancellationRequested);
        _clock.Advance(TimeSpan.FromSeconds(4.999));
        Assert.False(limit.Token.IsCancellationRequested);
        _clock.Advance(TimeSpan.FromSeconds(0.001));
        Assert.True(limit.Token.IsCancellationRequested);
    }

    [Fact]
    public void Signs_BeyondTheTotalTime_DoNotHelp()
    {
        using var limit = Limit();
        for (var i = 0; i < 59; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            limit.Sign();
        }

        Assert.False(limit.Token.IsCancellationRequested);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(limit.Token.IsCancellationRequested);
    }

    [Fact]
    public void Caller_Leaves_Fires()
    {
        using var limit = Limit();
        _caller.Cancel();
        Assert.True(limit.Token.IsCancellationRequested);
    }

    [Fact]
    public void Dispose_StopsItsTimers()
    {
        Limit().Dispose();
        Assert.Equal(0, _clock.ArmedTimers);
    }

    private SilenceLimit Limit() =>
        new(_lines.Pulse, TestLines.Peer("a"), Options.IdleTimeout, Options.TotalTimeout, null, _clock, _caller.Token);
}
