namespace ProxyCluster.Joining;

/// <summary>
/// Who waits for a piece of work, now: it goes with the work, through every room and into the work that this one waits for,
/// and changes while askers join and leave. Whoever hands out turns looks at it to know whose turn the work would take
/// (<see cref="FairTurns"/>), and lets go of queued work that nobody waits for any more.
/// <para>
/// It flows with the execution context and not as a parameter: the rooms in between, the protocol library and the engine
/// among them, have no use for it, and work that nobody asked for has none.
/// </para>
/// </summary>
internal abstract class Asking
{
    private static readonly AsyncLocal<Asking?> Ambient = new();

    /// <summary>This process itself: nobody asked, and it waits for ever.</summary>
    public static Asking Own { get; } = new OneAsking(default, CancellationToken.None);

    /// <summary>Who waits for what runs here.</summary>
    public static Asking Current => Ambient.Value ?? Own;

    /// <summary>From here on, until the calling method ends, this is who waits.</summary>
    public static void Enter(Asking asking) => Ambient.Value = asking;

    /// <summary>The same for one who asks, until it leaves; what is asked on others' behalf stays theirs.</summary>
    public static void Enter(Lane lane, CancellationToken left) => Ambient.Value ??= new OneAsking(lane, left);

    /// <summary>Does anybody wait?</summary>
    public bool IsWanted
    {
        get
        {
            List<Lane> lanes = [];
            AddTo(lanes);
            return lanes.Count > 0;
        }
    }

    /// <summary>Adds the lanes of those who wait; one may come more than once.</summary>
    public abstract void AddTo(List<Lane> lanes);

    /// <summary>Work was let go, because nobody waited for it; whoever comes after all has it done again.</summary>
    public virtual void LetGo()
    {
    }

    private sealed class OneAsking(Lane lane, CancellationToken left) : Asking
    {
        public override void AddTo(List<Lane> lanes)
        {
            if (!left.IsCancellationRequested)
                lanes.Add(lane);
        }
    }
}

/// <summary>Work that several may wait for, and that is done again where it was let go and somebody came meanwhile.</summary>
internal abstract class SharedAsking : Asking
{
    private volatile bool _wasLetGo;

    /// <summary>Was the last run's result that it was let go?</summary>
    public bool WasLetGo => _wasLetGo;

    /// <inheritdoc/>
    public override void LetGo() => _wasLetGo = true;

    /// <summary>Runs work for those who wait.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> work)
    {
        Enter(this);
        while (true)
        {
            _wasLetGo = false;
            var result = await work();
            if (!_wasLetGo || !IsWanted)
                return result;
        }
    }
}

/// <summary>Those who wait for one task; each of them is one who asks, or work that waits for this one.</summary>
internal sealed class JoinedAsking : SharedAsking
{
    // Guards itself.
    private readonly List<Asking> _waiting = [];

    public void Add(Asking waiter)
    {
        lock (_waiting)
            _waiting.Add(waiter);
    }

    public void Remove(Asking waiter)
    {
        lock (_waiting)
            _waiting.Remove(waiter);
    }

    /// <inheritdoc/>
    public override void AddTo(List<Lane> lanes)
    {
        foreach (var waiter in Waiting())
            waiter.AddTo(lanes);
    }

    /// <inheritdoc/>
    public override void LetGo()
    {
        base.LetGo();
        foreach (var waiter in Waiting())
            waiter.LetGo();
    }

    private Asking[] Waiting()
    {
        lock (_waiting)
            return [.. _waiting];
    }
}

/// <summary>Those who ask again and again how far work has come; who has not for a while has left.</summary>
internal sealed class PolledAsking(TimeSpan patience, TimeProvider clock) : SharedAsking
{
    // Guards itself.
    private readonly Dictionary<Lane, long> _asked = [];

    /// <summary>Somebody asks, now.</summary>
    public void Note(IEnumerable<Lane> lanes)
    {
        lock (_asked)
        {
            foreach (var lane in lanes)
                _asked[lane] = clock.GetTimestamp();
        }
    }

    /// <inheritdoc/>
    public override void AddTo(List<Lane> lanes)
    {
        lock (_asked)
        {
            foreach (var (lane, at) in _asked)
            {
                if (clock.GetElapsedTime(at) < patience)
                    lanes.Add(lane);
            }
        }
    }
}
