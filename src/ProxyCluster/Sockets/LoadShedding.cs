using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace ProxyCluster.Sockets;

/// <summary>
/// Turns clients away whose requests come to nothing, while this process is late. A request that nobody could be served
/// with costs as much as one that builds something; where there is not enough processor for both, those go first.
/// <para>
/// <b>Late</b> is a process whose timers fire late: its threads are all at work, or the machine gives it too little of itself.
/// It stays so for some seconds after the last sign of it, because turning away is what takes the signs away; and who was turned
/// away is let in again after two seconds or three, when it has wasted less than its measure for one, however well everything goes
/// without it. Who does it again before it has been in for as long as it was out is out for twice as long, up to a quarter of a
/// minute: each time that a flood is let in costs everybody some tenths of a second, and what waits for a connection gives up after
/// half a minute.
/// </para>
/// <para>
/// <b>Wasted</b> is a request for what is not there or may not be asked, or that its client did not wait for, and a connection
/// that served for nothing. What is served is never counted, so a build farm behind one address is not turned away for its size;
/// nor is what failed through no fault of the client's, for an outage must not make itself worse; nor anybody while there is room.
/// </para>
/// <para>
/// Road not taken: <c>System.Threading.RateLimiting</c>, which limits all of an address' requests, at all times.
/// </para>
/// </summary>
internal sealed class LoadShedding : IDisposable
{
    // How often a timer is to fire, and by how much a late one is late.
    internal static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);
    internal static readonly TimeSpan Late = TimeSpan.FromMilliseconds(50);
    internal static readonly TimeSpan StaysLateFor = TimeSpan.FromSeconds(10);
    internal static readonly TimeSpan FirstTime = TimeSpan.FromSeconds(2);
    internal static readonly TimeSpan LongestTime = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // Strangers choose their addresses. Those that come when there are so many already have a second to themselves.
    private const int MaxClients = 4096;

    private readonly int _perSecond;
    private readonly TimeProvider _clock;
    private readonly Action<ClientAddress> _onTurnedAway;
    private readonly ITimer _timer;

    // Of this second and of the one before.
    private volatile ConcurrentDictionary<ClientAddress, StrongBox<int>> _wasted = new();
    private volatile ConcurrentDictionary<ClientAddress, StrongBox<int>> _wastedBefore = new();
    private readonly ConcurrentDictionary<ClientAddress, Exile> _away = new();
    private HashSet<ClientAddress> _told = [];
    private volatile bool _isLate;
    private volatile bool _isAnybodyAway;

    // For the timer, which never fires twice at once: it is set anew by its own firing.
    private long _beatAt;
    private long _secondAt;
    private long _lateAt;

    /// <param name="perSecond">Wasted requests of one address within a second, above which it is turned away; 0 for never.</param>
    /// <param name="clock">Whose timers are late or not.</param>
    /// <param name="onTurnedAway">Told of each connection that is turned away by <see cref="TryTurnAway"/>.</param>
    public LoadShedding(int perSecond, TimeProvider clock, Action<ClientAddress> onTurnedAway)
    {
        (_perSecond, _clock, _onTurnedAway) = (perSecond, clock, onTurnedAway);
        _beatAt = _secondAt = clock.GetTimestamp();
        _timer = clock.CreateTimer(static shedding => ((LoadShedding)shedding!).OnBeat(), this, Beat, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether this process has too little processor for what it is asked.</summary>
    public bool IsLate => _isLate;

    /// <summary>
    /// Told of all who are turned away when they are others than before, one call after the other: at once while they are few, and
    /// within a second else.
    /// </summary>
    public event Action<IReadOnlyCollection<ClientAddress>>? AwayChanged;

    /// <summary>Whether anybody may be turned away now.</summary>
    public bool IsActive => _isLate || _isAnybodyAway;

    /// <summary>A request or a connection of the client's came to nothing.</summary>
    public void Waste(ClientAddress client)
    {
        var wasted = _wasted;
        if (wasted.TryGetValue(client, out var count) || (wasted.Count < MaxClients && (count = wasted.GetOrAdd(client, static _ => new StrongBox<int>())) is not null))
            Interlocked.Increment(ref count.Value);
    }

    /// <summary>Must it be turned away? Hot path: two reads while this process is not late and nobody is.</summary>
    public bool IsTurnedAway(ClientAddress client)
    {
        // Who stands for nobody is a socket file, and all who are behind it.
        if (!IsActive || !client.IsKnown)
            return false;
        var known = _away.TryGetValue(client, out var exile);
        if (known && exile.Until > _clock.GetTimestamp())
            return true;
        if (!(IsOver(_wasted, client) || IsOver(_wastedBefore, client)))
            return false;
        if (_isLate)
            Send(client, known ? exile.Time * 2 : FirstTime);
        return _isLate || (known && !exile.IsBack);
    }

    /// <summary>Counts a new connection of a client that must be turned away; false where it need not be.</summary>
    public bool TryTurnAway(ClientAddress client)
    {
        if (!IsTurnedAway(client))
            return false;
        Waste(client);
        _onTurnedAway(client);
        return true;
    }

    public void Dispose() => _timer.Dispose();

    private void Send(ClientAddress client, TimeSpan time)
    {
        if (_away.Count >= MaxClients && !_away.ContainsKey(client))
            return;
        var (now, bounded) = (_clock.GetTimestamp(), time < LongestTime ? time : LongestTime);
        _away[client] = new Exile(now + Ticks(bounded), bounded, IsBack: false);
        _isAnybodyAway = true;

        // Past what the door holds, the next second is soon enough: a list anew for each of thousands would cost what they are turned away for.
        if (Volatile.Read(ref _told).Count < ClosedDoor.MaxClients)
            Tell(now);
    }

    private void Tell(long now)
    {
        lock (_away)
        {
            var away = _away.Where(one => one.Value.Until > now).Select(static one => one.Key).ToHashSet();
            if (away.SetEquals(_told))
                return;
            Volatile.Write(ref _told, away);
            AwayChanged?.Invoke(away);
        }
    }

    private long Ticks(TimeSpan time) => (long)(time.TotalSeconds * _clock.TimestampFrequency);

    private bool IsOver(ConcurrentDictionary<ClientAddress, StrongBox<int>> wasted, ClientAddress client) =>
        _perSecond > 0 && wasted.TryGetValue(client, out var count) && Volatile.Read(ref count.Value) > _perSecond;

    private void OnBeat()
    {
        var now = _clock.GetTimestamp();
        if (_clock.GetElapsedTime(_beatAt, now) - Beat >= Late)
            (_isLate, _lateAt) = (true, now);
        else if (_isLate && _clock.GetElapsedTime(_lateAt, now) >= StaysLateFor)
            _isLate = false;

        if (_clock.GetElapsedTime(_secondAt, now) >= Second)
        {
            _wastedBefore = _wasted;
            _wasted = new();
            _secondAt = now;
            foreach (var (client, exile) in _away)
            {
                if (exile.Until > now || IsOver(_wastedBefore, client))
                    continue;
                if (exile.Until + Ticks(exile.Time) <= now)
                    _away.TryRemove(client, out _);
                else
                    _away.TryUpdate(client, exile with { IsBack = true }, exile);
            }

            _isAnybodyAway = !_away.IsEmpty;
            Tell(now);
        }

        _beatAt = now;
        _timer.Change(Beat, Timeout.InfiniteTimeSpan);
    }

    // How long it is away, and until when by the clock's timestamps; whether it has been let in. It is remembered for as long again.
    private readonly record struct Exile(long Until, TimeSpan Time, bool IsBack);
}
