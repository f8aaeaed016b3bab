using ProxyCluster.Clustering;

namespace ProxyCluster.Lines;

/// <summary>
/// A token that fires when a call to a peer was silent for too long, or has lasted too long altogether, whichever is first.
/// Time in which nobody listened does not count: a slow reader must not make a live peer look dead.
/// </summary>
internal sealed class SilenceLimit : IDisposable
{
    // In idle times: how long a call may be silent while its peer talks in others; then its connection has died.
    private const int Forbearance = 4;

    private readonly Pulse _pulse;
    private readonly Member _peer;
    private readonly Action? _alive;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _idle;
    private readonly CancellationToken _cancel;
    private readonly CancellationTokenSource? _total;
    private readonly CancellationTokenSource? _linked;
    private readonly ITimer? _timer;
    private long _lastSign;
    private volatile bool _isPaused;

    /// <summary>Begins to listen.</summary>
    /// <param name="pulse">What the peer says in other calls, and is told of the signs in this one.</param>
    /// <param name="peer">Who is listened to.</param>
    /// <param name="idle">The longest silence; infinite where the peer is to be silent while it works.</param>
    /// <param name="total">The longest time; infinite where the reader's pace decides how long it takes.</param>
    /// <param name="alive">Called at every sign of life.</param>
    /// <param name="clock">Measures all of that.</param>
    /// <param name="cancel">Fires the token too.</param>
    public SilenceLimit(
        Pulse pulse, Member peer, TimeSpan idle, TimeSpan total, Action? alive, TimeProvider clock, CancellationToken cancel)
    {
        _pulse = pulse;
        _peer = peer;
        _alive = alive;
        _clock = clock;
        _idle = idle;
        _lastSign = clock.GetTimestamp();
        _cancel = cancel;

        // A limit that there is not costs nothing: of a request that is passed on, both are made for each body.
        if (total != Timeout.InfiniteTimeSpan)
            _total = new CancellationTokenSource(total, clock);
        if (_total is not null || idle != Timeout.InfiniteTimeSpan)
            _linked = CancellationTokenSource.CreateLinkedTokenSource(cancel, _total?.Token ?? CancellationToken.None);
        if (idle != Timeout.InfiniteTimeSpan)
            _timer = clock.CreateTimer(static limit => ((SilenceLimit)limit!).Check(), this, _idle, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Fires when it has been silent for too long.</summary>
    public CancellationToken Token => _linked?.Token ?? _cancel;

    /// <summary>How long it has been silent, in all calls to the same peer.</summary>
    public TimeSpan Silence => _pulse.SilenceOf(_peer, Volatile.Read(ref _lastSign), TimeSpan.MaxValue);

    /// <summary>A sign of life. Cheap: the timer is not touched, it looks again when it fires.</summary>
    public void Sign()
    {
        Resume();
        _pulse.Heard(_peer.Id);
        _alive?.Invoke();
    }

    /// <summary>Nobody listens until the next <see cref="Resume"/>.</summary>
    public void Pause() => _isPaused = true;

    /// <summary>The peer is listened to from now on.</summary>
    public void Resume()
    {
        Volatile.Write(ref _lastSign, _clock.GetTimestamp());
        _isPaused = false;
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _linked?.Dispose();
        _total?.Dispose();
    }

    private void Check()
    {
        var silence = _isPaused ? TimeSpan.Zero : _pulse.SilenceOf(_peer, Volatile.Read(ref _lastSign), _idle * Forbearance);
        if (silence < _idle)
        {
            _timer!.Change(_idle - silence, Timeout.InfiniteTimeSpan);
            return;
        }

        try
        {
            _linked!.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The transfer ended in this moment.
        }
    }
}
