using ProxyCluster.Telemetry;

namespace ProxyCluster.Joining;

/// <summary>
/// So many turns at once, handed out fairly among those who ask (<see cref="Asking"/>), however many things each asks for.
/// <para>
/// A turn goes to the lane that has the fewest, and among those to the one that was served longest ago. A quarter of the turns
/// goes only to lanes that have none: with every other turn taken, and for long, whoever comes new is served at once, and
/// nobody can take that by asking for more. Work that several lanes wait for counts for the one that brings it forward.
/// </para>
/// <para>
/// Those who wait are bounded too. When there is no room, the newest work of the lane with most of it gives way to who has
/// less; what several wait for never does. Work that nobody waits for any more is let go. Who joins work that waits needs no
/// room, and has its lane counted at the next look: at every turn that ends, and four times a second.
/// </para>
/// <para>
/// Road not taken: <c>System.Threading.RateLimiting</c>. Its partitions are limiters of their own, so a partition for each
/// client bounds no sum, a chained one queues in the order of arrival, and neither lets a waiter change its partition.
/// </para>
/// </summary>
internal sealed class FairTurns : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    private readonly int _reserve;
    private readonly int _maxWaiting;
    private readonly TimeProvider _clock;
    private readonly ClientWindow _clients;
    private readonly ITimer _timer;

    // Guards everything below. Nothing is awaited inside, and those who wait continue elsewhere.
    private readonly Lock _lock = new();
    private readonly List<Waiter> _waiting = [];
    private readonly Dictionary<Lane, int> _waitingOf = [];
    private readonly Dictionary<Lane, int> _runningOf = [];
    private readonly Dictionary<Lane, long> _servedAt = [];
    private readonly List<Lane> _lanes = [];
    private int _free;
    private long _served;

    /// <param name="turns">At once.</param>
    /// <param name="maxWaiting">For a turn.</param>
    /// <param name="clock">Limits the wait.</param>
    /// <param name="clients">Whose work waited how long is counted there.</param>
    public FairTurns(int turns, int maxWaiting, TimeProvider clock, ClientWindow clients)
    {
        (_free, _reserve, _maxWaiting, _clock, _clients) = (turns, turns / 4, maxWaiting, clock, clients);
        _timer = clock.CreateTimer(static turns => ((FairTurns)turns!).LookAgain(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Waits for a turn of those who wait here now; null when there is no room, when it takes too long, or nobody waits any more.</summary>
    public async ValueTask<Turn?> TakeAsync(TimeSpan patience, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var waiter = new Waiter(Asking.Current);
        lock (_lock)
        {
            Enqueue_NeedsLock(waiter);
        }

        try
        {
            return await waiter.Turn.Task.WaitAsync(patience, _clock, cancel);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // It may have come at the last moment.
            var turn = TryWithdraw(waiter) ? null : await waiter.Turn.Task;
            if (e is TimeoutException)
                return turn;
            turn?.Dispose();
            throw;
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Enqueue_NeedsLock(Waiter waiter)
    {
        // 1. Its turn at once? Nobody who waits could have had it.
        var lanes = LanesOf_NeedsLock(waiter);
        if (lanes.Count == 0)
        {
            LetGo(waiter);
            return;
        }

        waiter.Lane = lanes[0];
        if (BestOf_NeedsLock(lanes) is { } best)
        {
            Grant_NeedsLock(waiter, best.Lane);
            return;
        }

        // 2. Room?
        if (_waiting.Count >= _maxWaiting && !TryMakeRoom_NeedsLock(waiter.Lane))
        {
            waiter.Turn.SetResult(null);
            return;
        }

        // 3. In the queue.
        waiter.CountedTo = _clock.GetTimestamp();
        _waiting.Add(waiter);
        _waitingOf[waiter.Lane] = _waitingOf.GetValueOrDefault(waiter.Lane) + 1;
        if (_waiting.Count == 1)
            _timer.Change(Look, Look);
    }

    private bool TryMakeRoom_NeedsLock(Lane lane)
    {
        if (_waitingOf.Count == 0)
            return false;
        var (most, count) = _waitingOf.MaxBy(static pair => pair.Value);
        if (count <= _waitingOf.GetValueOrDefault(lane) + 1)
            return false;
        for (var i = _waiting.Count - 1; i >= 0; i--)
        {
            if (_waiting[i] is { } last && last.Lane == most && LanesOf_NeedsLock(last).Distinct().Count() < 2)
            {
                Forget_NeedsLock(i);
                last.Turn.SetResult(null);
                return true;
            }
        }

        return false;
    }

    // The lane of these that may have a turn now and comes first, or null.
    private (Lane Lane, int Running, long ServedAt)? BestOf_NeedsLock(List<Lane> lanes)
    {
        (Lane, int Running, long ServedAt)? best = null;
        foreach (var lane in lanes)
        {
            var (running, at) = (_runningOf.GetValueOrDefault(lane), _servedAt.GetValueOrDefault(lane));
            if (_free > (running == 0 ? 0 : _reserve) && (best is not { } other || (running, at).CompareTo((other.Running, other.ServedAt)) < 0))
                best = (lane, running, at);
        }

        return best;
    }

    private void Grant_NeedsLock(Waiter waiter, Lane lane)
    {
        _free--;
        _runningOf[lane] = _runningOf.GetValueOrDefault(lane) + 1;
        _servedAt[lane] = ++_served;
        waiter.Turn.SetResult(new Turn(this, lane));
    }

    // Hands out what is free; lets go of what nobody waits for.
    private void HandOut_NeedsLock()
    {
        while (_waiting.Count > 0)
        {
            var first = -1;
            (Lane Lane, int Running, long ServedAt) best = default;
            for (var i = 0; i < _waiting.Count; i++)
            {
                var lanes = LanesOf_NeedsLock(_waiting[i]);
                if (lanes.Count == 0)
                {
                    LetGo(_waiting[i]);
                    Forget_NeedsLock(i--);
                }
                else if (BestOf_NeedsLock(lanes) is { } next
                    && (first < 0 || (next.Running, next.ServedAt).CompareTo((best.Running, best.ServedAt)) < 0))
                {
                    (first, best) = (i, next);
                }
            }

            if (first < 0)
                break;
            var served = _waiting[first];
            Forget_NeedsLock(first);
            Grant_NeedsLock(served, best.Lane);
        }

        if (_waiting.Count == 0)
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private List<Lane> LanesOf_NeedsLock(Waiter waiter)
    {
        _lanes.Clear();
        waiter.Asking.AddTo(_lanes);
        return _lanes;
    }

    private void Forget_NeedsLock(int index)
    {
        CountWait(_waiting[index]);
        var lane = _waiting[index].Lane;
        _waiting.RemoveAt(index);
        if (--_waitingOf[lane] == 0)
            _waitingOf.Remove(lane);
    }

    private static void LetGo(Waiter waiter)
    {
        waiter.Asking.LetGo();
        waiter.Turn.SetResult(null);
    }

    private bool TryWithdraw(Waiter waiter)
    {
        lock (_lock)
        {
            var index = _waiting.IndexOf(waiter);
            if (index >= 0)
                Forget_NeedsLock(index);
            return index >= 0;
        }
    }

    private void LookAgain()
    {
        lock (_lock)
        {
            _waiting.ForEach(CountWait);
            HandOut_NeedsLock();
        }
    }

    // Not only at the end of a wait: who fills the queue is to be seen while it is full. Members' own work is nobody's.
    private void CountWait(Waiter waiter)
    {
        var now = _clock.GetTimestamp();
        if (waiter.Lane.Client != default)
            _clients.CountQueued(waiter.Lane.Client, _clock.GetElapsedTime(waiter.CountedTo, now), now);
        waiter.CountedTo = now;
    }

    private void Release(Lane lane)
    {
        lock (_lock)
        {
            _free++;
            if (--_runningOf[lane] == 0)
                _runningOf.Remove(lane);

            // When a lane was served matters among those that are here.
            if (_servedAt.Count > 2 * (_waiting.Count + _runningOf.Count + 8))
            {
                foreach (var gone in _servedAt.Keys.Where(known => !_runningOf.ContainsKey(known) && !_waitingOf.ContainsKey(known)).ToList())
                    _servedAt.Remove(gone);
            }

            HandOut_NeedsLock();
        }
    }

    /// <summary>A turn, until it is disposed.</summary>
    internal sealed class Turn(FairTurns turns, Lane lane) : IDisposable
    {
        private int _isOver;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0)
                turns.Release(lane);
        }
    }

    private sealed class Waiter(Asking asking)
    {
        public Asking Asking => asking;

        /// <summary>Under which it waits.</summary>
        public Lane Lane { get; set; }

        /// <summary>Timestamp up to which its wait was counted.</summary>
        public long CountedTo { get; set; }

        public TaskCompletionSource<Turn?> Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
