namespace ProxyCluster.TestKit;

/// <summary>
/// A clock that stands still until a test moves it. Timers (and with them <c>Task.Delay</c>, <c>CancelAfter</c> and
/// <c>new CancellationTokenSource(delay, clock)</c>) fire inside <see cref="Advance"/>, in order of their due time, with
/// the clock standing at that time.
/// </summary>
public sealed class ManualTimeProvider(DateTimeOffset? start = null) : TimeProvider
{
    // Guards everything below. Callbacks and signals run outside.
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly List<(Func<TimeSpan, bool> Wanted, TaskCompletionSource Signal)> _waiters = [];
    private readonly DateTimeOffset _start = start ?? new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private TimeSpan _elapsed;
    private TimeSpan _stepped;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>Timers that are armed.</summary>
    public int ArmedTimers
    {
        get
        {
            lock (_lock)
                return _timers.Count;
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return _start + _elapsed + _stepped;
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => Elapsed.Ticks;

    private TimeSpan Elapsed
    {
        get
        {
            lock (_lock)
                return _elapsed;
        }
    }

    /// <summary>Somebody sets the clock on the wall; what was measured and every timer go on as they were.</summary>
    public void StepWallClock(TimeSpan by)
    {
        lock (_lock)
            _stepped += by;
    }

    /// <summary>Moves the clock; every timer that falls due on the way fires before this returns.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var target = Elapsed + by;
        while (true)
        {
            ManualTimer? next;
            lock (_lock)
            {
                next = _timers.Where(t => t.Due <= target).MinBy(static t => t.Due);
                if (next is null)
                {
                    _elapsed = target;
                    return;
                }

                _elapsed = next.Due > _elapsed ? next.Due : _elapsed;
                if (next.Period > TimeSpan.Zero)
                    next.Due += next.Period;
                else
                    _timers.Remove(next);
            }

            next.Fire();
        }
    }

    /// <summary>Moves the clock without a look at the timers, as on a machine that is too busy; those that fell due fire late, then.</summary>
    public void Stall(TimeSpan by)
    {
        lock (_lock)
            _elapsed += by;
        Advance(TimeSpan.Zero);
    }

    /// <summary>
    /// Completes once a timer is armed that is due within exactly <paramref name="due"/> from now: the code under test has
    /// then reached the wait that the test is about to end.
    /// </summary>
    public Task TimerDueIn(TimeSpan due) => TimerArmed(left => left == due);

    /// <summary>Completes once a timer is armed whose remaining time satisfies <paramref name="wanted"/>.</summary>
    public Task TimerArmed(Func<TimeSpan, bool> wanted)
    {
        lock (_lock)
        {
            if (_timers.Any(t => wanted(t.Due - _elapsed)))
                return Task.CompletedTask;

            var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((wanted, signal));
            return signal.Task;
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        private readonly ExecutionContext? _context = ExecutionContext.Capture();
        private bool _disposed;

        public TimeSpan Due { get; set; }

        public TimeSpan Period { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            List<TaskCompletionSource> reached = [];
            lock (clock._lock)
            {
                if (_disposed)
                    return false;

                clock._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan)
                    return true;

                Due = clock._elapsed + dueTime;
                Period = period;
                if (dueTime > TimeSpan.Zero)
                {
                    clock._timers.Add(this);
                    foreach (var waiter in clock._waiters.Where(w => w.Wanted(dueTime)).ToList())
                    {
                        clock._waiters.Remove(waiter);
                        reached.Add(waiter.Signal);
                    }
                }
                else if (period > TimeSpan.Zero)
                {
                    Due += period;
                    clock._timers.Add(this);
                }
            }

            foreach (var signal in reached)
                signal.SetResult();
            if (dueTime <= TimeSpan.Zero)
                ThreadPool.UnsafeQueueUserWorkItem(static timer => timer.Fire(), this, preferLocal: false);
            return true;
        }

        public void Fire()
        {
            if (_context is null)
                callback(state);
            else
                ExecutionContext.Run(_context, static s => ((ManualTimer)s!).Call(), this);
        }

        public void Dispose()
        {
            lock (clock._lock)
            {
                _disposed = true;
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Call() => callback(state);
    }
}
