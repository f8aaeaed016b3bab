using System.Diagnostics.CodeAnalysis;

namespace ProxyCluster.Drills.Relays;

/// <summary>What a lane does to the bytes on it.</summary>
internal enum LaneState
{
    /// <summary>They arrive, late and throttled as the lane says.</summary>
    Open,

    /// <summary>Connections stay open and nothing arrives, as with a cable that was pulled: a black hole.</summary>
    Held,

    /// <summary>Connections are reset and new ones are refused.</summary>
    Cut,
}

/// <summary>
/// One direction between two places: how long bytes are under way, how many fit through at a time, and whether they
/// arrive at all. Everything can be switched while connections use it, and applies to what is sent from then on.
/// </summary>
[SuppressMessage("Reliability", "CA1001:Types that own disposable fields should be disposable",
    Justification = "The source has no timer and its token lives in connections that may outlive a lane's owner.")]
internal sealed class Lane(TimeProvider clock)
{
    // Guards everything below. Continuations and registrations run outside.
    private readonly Lock _lock = new();
    private CancellationTokenSource _broken = new();
    private TaskCompletionSource? _opened;
    private TimeSpan _delay;
    private TimeSpan _freeAt;
    private long? _bytesPerSecond;
    private LaneState _state;
    private long _carried;

    /// <summary>Bytes that were sent on it so far.</summary>
    public long Carried => Volatile.Read(ref _carried);

    /// <summary>Time that bytes are under way, one way. Default none.</summary>
    public TimeSpan Delay
    {
        get
        {
            lock (_lock)
                return _delay;
        }

        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            lock (_lock)
                _delay = value;
        }
    }

    /// <summary>What fits through in a second, all connections together; null (default) for no limit.</summary>
    public long? BytesPerSecond
    {
        get
        {
            lock (_lock)
                return _bytesPerSecond;
        }

        set
        {
            if (value is { } limit)
                ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
            lock (_lock)
                _bytesPerSecond = value;
        }
    }

    /// <summary>Whether bytes arrive. Setting it to <see cref="LaneState.Cut"/> resets every connection.</summary>
    public LaneState State
    {
        get
        {
            lock (_lock)
                return _state;
        }

        set => Switch(value);
    }

    /// <summary>Fires when the lane is cut; has fired while it is.</summary>
    public CancellationToken Broken
    {
        get
        {
            lock (_lock)
                return _broken.Token;
        }
    }

    /// <summary>The moment, by <see cref="Now"/>, at which bytes that are sent now arrive.</summary>
    public TimeSpan ArrivalOf(int bytes)
    {
        lock (_lock)
        {
            var now = Now;
            _carried += bytes;
            if (_bytesPerSecond is not { } limit)
                return now + _delay;
            var begin = _freeAt > now ? _freeAt : now;
            _freeAt = begin + TimeSpan.FromSeconds((double)bytes / limit);
            return _freeAt + _delay;
        }
    }

    /// <summary>Waits for a moment that <see cref="ArrivalOf"/> gave, and longer while the lane is held.</summary>
    public async ValueTask ArriveAsync(TimeSpan arrival, CancellationToken cancel)
    {
        if (arrival - Now is var wait && wait > TimeSpan.Zero)
            await Task.Delay(wait, clock, cancel).ConfigureAwait(false);
        await OpenAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Waits while the lane is held.</summary>
    public ValueTask OpenAsync(CancellationToken cancel)
    {
        lock (_lock)
            return _opened is { } opened ? new ValueTask(opened.Task.WaitAsync(cancel)) : ValueTask.CompletedTask;
    }

    /// <summary>The clock of the lane.</summary>
    private TimeSpan Now => clock.GetElapsedTime(0);

    private void Switch(LaneState state)
    {
        CancellationTokenSource? breaking = null;
        TaskCompletionSource? opened = null;
        lock (_lock)
        {
            if (state == _state)
                return;
            if (_state == LaneState.Cut)
                _broken = new CancellationTokenSource(); // what the old one cut is gone for good
            if (state == LaneState.Cut)
                breaking = _broken;
            if (state == LaneState.Held)
                _opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            else
                (opened, _opened) = (_opened, null);
            _state = state;
        }

        breaking?.Cancel();
        opened?.TrySetResult();
    }
}
