using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace ProxyCluster.Sockets;

/// <summary>
/// Turns clients away whose requests come to nothing, while this process is late. A request that nobody could be served
/// with costs as much as one that builds something; where there is not enough processor for both, those go first.
/// <para>
/// <b>Late</b> is a process whose timers fire late: its threads are all at work, or the machine gives it too little of itself.
/// It stays so for some seconds after the last sign of it, because turning away is what takes the signs away. A few milliseconds are a
/// sign: what is asked of it meanwhile waits for several of them, and nobody but wasters has to fear it.
/// </para>
/// <para>
/// Who was turned away is let in again after two seconds or three, when it has wasted less than its measure for one, however well
/// everything goes without it. It is on probation then, for as long as it was out: a tenth of its measure sends it out again, whether
/// this process is late or not, for each time that a flood is let in costs everybody some tenths of a second. For twice as long if it is
/// late, up to a quarter of a minute, because what waits for a connection gives up after half a minute; for three quarters of the
/// time if not, so that who does no harm is soon as others are.
/// </para>
/// <para>
/// <b>Wasted</b> is a request for what is not there or may not be asked, or that its client did not wait for, and a connection
/// that served for nothing. What is served is never counted, so a build farm behind one address is not turned away for its size;
/// nor is what failed through no fault of the client's, for an outage must not make itself worse; nor anybody while there is room, but
/// for those on probation.
/// </para>
/// <para>
/// Road not taken: <c>System.Threading.RateLimiting</c>, which limits all of an address' requests, at all times.
/// </para>
/// </summary>
internal sealed class LoadShedding : IDisposable
{
    // How often a timer is to fire, and how often while somebody wastes too much; by how much a late one is late.
    internal static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);
    internal static readonly TimeSpan QuickBeat = TimeSpan.FromMilliseconds(20);
    internal static readonly TimeSpan Late = TimeSpan.FromMilliseconds(6);
    internal static readonly TimeSpan StaysLateFor = TimeSpan.FromSeconds(10);
    internal static readonly TimeSpan FirstTime = TimeSpan.FromSeconds(2);
    internal static readonly TimeSpan LongestTime = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // Strangers choose their addresses. Those that come when there are so many already have a second to themselves.
    private const int MaxClients = 4096;

    // Beats in a row in which nobody wasted anything, nobody was away and nothing was late, after which the timer rests: it is
    // most of what a process costs that nobody asks.
    private const int QuietBeats = 25;

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
    private volatile bool _isAnybodyOver;
    private volatile bool _isAnybodyAway;
    private int _isResting;

    // For the timer, which never fires twice at once: it is set anew by its own firing.
    private long _nextBeatAt;
    private long _secondAt;
    private long _lateAt;
    private int _quietBeats;

    /// <param name="perSecond">Wasted requests of one address within a second, above which it is turned away; 0 for never.</param>
    /// <param name="clock">Whose timers are late or not.</param>
    /// <param name="onTurnedAway">Told of each connection that is turned away by <see cref="TryTurnAway"/>.</param>
    public LoadShedding(int perSecond, TimeProvider clock, Action<ClientAddress> onTurnedAway)
    {
        (_perSecond, _clock, _onTurnedAway) = (perSecond, clock, onTurnedAway);
        _secondAt = clock.GetTimestamp();
        _nextBeatAt = _secondAt + Ticks(Beat);
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
        if (_perSecond == 0)
            return;
        var wasted = _wasted;
        if (!wasted.TryGetValue(client, out var count))
        {
            if (wasted.Count >= MaxClients)
                return;
            count = wasted.GetOrAdd(client, static _ => new StrongBox<int>());
        }

        var isOver = Interlocked.Increment(ref count.Value) > _perSecond;
        WakeUp();
        if (!isOver || _isLate)
            return;
        _isAnybodyOver = true;

        // A timer that is overdue says so only when it fires, which is what it is late with.
        if (_clock.GetTimestamp() is var now && IsOverdue(now))
            BeLate(now);
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
        var isOnProbation = known && exile.IsBack;
        var measure = isOnProbation ? _perSecond / 10 : _perSecond;
        if (!(IsOver(_wasted, client, measure) || IsOver(_wastedBefore, client, measure)))
            return false;
        if (_isLate)
            Send(client, known ? exile.Time * 2 : FirstTime);
        else if (isOnProbation && exile.Time >= FirstTime)
            Send(client, exile.Time * 3 / 4);
        else
            return known && !exile.IsBack;
        return true;
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

    private static bool IsOver(ConcurrentDictionary<ClientAddress, StrongBox<int>> wasted, ClientAddress client, int measure) =>
        wasted.TryGetValue(client, out var count) && Volatile.Read(ref count.Value) > measure;

    private bool IsOverdue(long now) => now - Volatile.Read(ref _nextBeatAt) >= Ticks(Late);

    private void BeLate(long now)
    {
        Volatile.Write(ref _lateAt, now);
        _isLate = true;
    }

    private void WakeUp()
    {
        if (Volatile.Read(ref _isResting) == 0 || Interlocked.Exchange(ref _isResting, 0) == 0)
            return;
        _secondAt = _clock.GetTimestamp();
        Volatile.Write(ref _nextBeatAt, _secondAt + Ticks(Beat));
        _timer.Change(Beat, Timeout.InfiniteTimeSpan);
    }

    private void OnBeat()
    {
        var now = _clock.GetTimestamp();
        var isLate = IsOverdue(now);
        if (isLate)
            BeLate(now);
        else if (_isLate && _clock.GetElapsedTime(Volatile.Read(ref _lateAt), now) >= StaysLateFor)
            _isLate = false;

        if (_clock.GetElapsedTime(_secondAt, now) >= Second)
        {
            _wastedBefore = _wasted;
            _wasted = new();
            _isAnybodyOver = false;
            _secondAt = now;
            foreach (var (client, exile) in _away)
            {
                if (exile.Until > now || IsOver(_wastedBefore, client, _perSecond))
                    continue;
                if (exile.Until + Ticks(exile.Time) <= now)
                    _away.TryRemove(client, out _);
                else if (!exile.IsBack && _away.TryUpdate(client, exile with { IsBack = true }, exile))
                    _wastedBefore.TryRemove(client, out _); // what was refused while it was away is not held against it
            }

            _isAnybodyAway = !_away.IsEmpty;
            Tell(now);
        }

        _quietBeats = isLate || IsActive || !_wasted.IsEmpty || !_wastedBefore.IsEmpty ? 0 : _quietBeats + 1;
        if (_quietBeats >= QuietBeats)
        {
            _quietBeats = 0;
            Volatile.Write(ref _nextBeatAt, long.MaxValue);
            Volatile.Write(ref _isResting, 1);

            // Who came meanwhile did not see that it rests.
            if (_wasted.IsEmpty || Interlocked.Exchange(ref _isResting, 0) == 0)
                return;
        }

        // Where somebody wastes more than is allowed, how late this process is matters, and is looked at more often.
        var beat = _isAnybodyOver ? QuickBeat : Beat;
        Volatile.Write(ref _nextBeatAt, now + Ticks(beat));
        _timer.Change(beat, Timeout.InfiniteTimeSpan);
    }

    // How long it is away, and until when by the clock's timestamps; whether it has been let in. It is remembered for as long again.
    private readonly record struct Exile(long Until, TimeSpan Time, bool IsBack);
}
