namespace ProxyCluster.Peers;

/// <summary>A token that fires after a time without a sign of life, or after the total time, whichever is first.</summary>
internal sealed class SilenceLimit : IDisposable
{
    private readonly TimeProvider _clock;
    private readonly TimeSpan _idle;
    private readonly CancellationTokenSource _total;
    private readonly CancellationTokenSource _linked;
    private readonly ITimer _timer;
    private long _lastSign;

    public SilenceLimit(PeerOptions options, TimeProvider clock, CancellationToken cancel)
    {
        _clock = clock;
        _idle = options.IdleTimeout;
        _lastSign = clock.GetTimestamp();
        _total = new CancellationTokenSource(options.TotalTimeout, clock);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(cancel, _total.Token);
        _timer = clock.CreateTimer(_ => Check(), null, _idle, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Fires when it has been silent for too long.</summary>
    public CancellationToken Token => _linked.Token;

    /// <summary>Timestamp of the last sign of life.</summary>
    public long LastSign => Volatile.Read(ref _lastSign);

    /// <summary>A sign of life. Cheap: the timer is not touched, it looks again when it fires.</summary>
    public void Sign() => Volatile.Write(ref _lastSign, _clock.GetTimestamp());

    public void Dispose()
    {
        _timer.Dispose();
        _linked.Dispose();
        _total.Dispose();
    }

    private void Check()
    {
        var silent = _clock.GetElapsedTime(LastSign);
        if (silent < _idle)
        {
            _timer.Change(_idle - silent, Timeout.InfiniteTimeSpan);
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
