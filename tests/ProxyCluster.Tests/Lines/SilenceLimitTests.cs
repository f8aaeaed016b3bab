using ProxyCluster.Lines;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Lines;

public sealed class SilenceLimitTests : IDisposable
{
    private static readonly PeerOptions Options = new() { IdleTimeout = TimeSpan.FromSeconds(5), TotalTimeout = TimeSpan.FromSeconds(60) };

    private readonly ManualTimeProvider _clock = new();
    private readonly CancellationTokenSource _caller = new();
    private TimeSpan _sinceHeard = TimeSpan.MaxValue;

    public void Dispose() => _caller.Dispose();

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
        _sinceHeard = TimeSpan.FromSeconds(1);
        using var limit = Limit();
        for (var i = 0; i < 3; i++)
            _clock.Advance(Options.IdleTimeout);
        Assert.False(limit.Token.IsCancellationRequested);
        _clock.Advance(Options.IdleTimeout);
        Assert.True(limit.Token.IsCancellationRequested);
    }

    [Fact]
    public void Silence_WhenThePeerFallsSilentElsewhereToo_Fires()
    {
        _sinceHeard = TimeSpan.FromSeconds(1);
        using var limit = Limit();
        _clock.Advance(Options.IdleTimeout);
        _sinceHeard = Options.IdleTimeout;
        _clock.Advance(Options.IdleTimeout);
        Assert.True(limit.Token.IsCancellationRequested);
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

    private SilenceLimit Limit() => new(Options, () => _sinceHeard, _clock, _caller.Token);
}
