namespace ProxyCluster.Lines;

/// <summary>
/// A token that fires after a time without a sign of life, or after the total time, whichever is first. Time in which
/// nobody listened for one does not count: a slow reader must not make a live peer look dead.
/// </summary>
internal sealed class SilenceLimit : IDisposable
{
    private readonly TimeProvider _clock;
    // How much longer a single call may be silent while its peer talks in others: then the peer lives, and only if that
    // goes on for long it is the connection that has died.
    private const int Forbearance = 4;

    private readonly TimeSpan _idle;
    private readonly Func<TimeSpan> _sinceHeard;
    private readonly CancellationTokenSource _total;
    private readonly CancellationTokenSource _linked;
    private readonly ITimer _timer;
    private long _lastSign;
    private volatile bool _isPaused;

    /// <summary>With the total time of one artifact.</summary>
    public SilenceLimit(PeerOptions options, Func<TimeSpan> sinceHeard, TimeProvider clock, CancellationToken cancel)
        : this(options, options.TotalTimeout, sinceHeard, clock, cancel)
    {
    }

    /// <summary>With another total time; infinite where the reader's pace decides how long it takes.</summary>
    public SilenceLimit(PeerOptions options, TimeSpan total, Func<TimeSpan> sinceHeard, TimeProvider clock, CancellationToken cancel)
    {
        _sinceHeard = sinceHeard;
        _clock = clock;
        _idle = options.IdleTimeout;
        _lastSign = clock.GetTimestamp();
        _total = new CancellationTokenSource(total, clock);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(cancel, _total.Token);
        _timer = clock.CreateTimer(_ => Check(), null, _idle, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Fires when it has been silent for too long.</summary>
    public CancellationToken Token => _linked.Token;

    /// <summary>Timestamp of the last sign of life.</summary>
    public long LastSign => Volatile.Read(ref _lastSign);

    /// <summary>A sign of life. Cheap: the timer is not touched, it looks again when it fires.</summary>
    public void Sign()
    {
        Volatile.Write(ref _lastSign, _clock.GetTimestamp());
        _isPaused = false;
    }

    /// <summary>Nobody listens until the next <see cref="Sign"/>.</summary>
    public void Pause() => _isPaused = true;

    public void Dispose()
    {
        _timer.Dispose();
        _linked.Dispose();
        _total.Dispose();
    }

    private void Check()
    {
        if (_isPaused)
        {
            _timer.Change(_idle, Timeout.InfiniteTimeSpan);
            return;
        }

        var silent = _clock.GetElapsedTime(LastSign);
        if (silent < _idle)
        {
            _timer.Change(_idle - silent, Timeout.InfiniteTimeSpan);
            return;
        }

        if (silent < _idle * Forbearance && _sinceHeard() < _idle)
        {
            _timer.Change(_idle, Timeout.InfiniteTimeSpan);
            return;
        }

        try
        {
            _linked.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The transfer ended in this moment.
        }
    }
}
