namespace ProxyCluster.Tests.Clustering;

/// <summary>The system's clock for a process that can be frozen: its timers wait, and it jumps when it thaws.</summary>
internal sealed class FreezableTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<Action> _due = [];
    private TaskCompletionSource? _thaw;
    private long _frozenAt;

    /// <summary>Completed while the process runs.</summary>
    public Task Running
    {
        get
        {
            lock (_lock)
                return _thaw?.Task ?? Task.CompletedTask;
        }
    }

    public void Freeze()
    {
        lock (_lock)
        {
            _frozenAt = System.GetTimestamp();
            _thaw ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Thaw()
    {
        TaskCompletionSource? thaw;
        List<Action> due;
        lock (_lock)
        {
            (thaw, _thaw) = (_thaw, null);
            due = [.. _due];
            _due.Clear();
        }

        thaw?.SetResult();
        foreach (var callback in due)
            callback();
    }

    public override long GetTimestamp()
    {
        lock (_lock)
            return _thaw is null ? System.GetTimestamp() : _frozenAt;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(
            _ =>
            {
                lock (_lock)
                {
                    if (_thaw is not null)
                    {
                        _due.Add(() => callback(state));
                        return;
                    }
                }

                callback(state);
            },
            null, dueTime, period);
}
