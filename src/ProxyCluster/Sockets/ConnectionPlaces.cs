namespace ProxyCluster.Sockets;

/// <summary>
/// The places that clients' connections take, so that no address takes those of all others.
/// <para>
/// An address has a share. Past it, and past the sum, the newcomer takes the place of a connection that is in no request: of
/// its own address past the share, of the address with most connections past the sum, the longest idle first. Idle connections
/// are therefore worth keeping and never in anybody's way.
/// </para>
/// <para>
/// Where all of them are at work, newcomers are let in to a few spare places: nobody can tell who they are before they have
/// asked, and health checks and members shall be heard. Whoever asks for anything else there is turned away by the answer.
/// </para>
/// <para>
/// A connection over which a member has proved itself takes no place from then on: over it comes what many clients ask for, and
/// who has the cluster's secret can open as many as it likes.
/// </para>
/// <para>
/// An address has a share of requests too, over all its connections: on one of HTTP/2 there are many, and each may hold a file
/// and buffers for as long as its client takes nothing. And while there is too little processor for all, whose requests come to
/// nothing is refused in the place that it has (<see cref="LoadShedding"/>), and gets no other.
/// </para>
/// </summary>
internal sealed class ConnectionPlaces(int max, int maxOfOne, int spare, int maxRequestsOfOne, LoadShedding shedding, TimeProvider clock)
{
    // Guards everything below.
    private readonly Lock _lock = new();
    private readonly Dictionary<ClientAddress, ClientShare> _taken = [];
    private int _count;
    private int _spare;

    /// <summary>Connections now that take a place.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _count;
        }
    }

    /// <summary>A place, until it is disposed; null where there is none. <paramref name="end"/> ends the connection when another one takes it.</summary>
    public ConnectionPlace? TakeOrNull(ClientAddress client, Action end)
    {
        ConnectionPlace? loser = null;
        ConnectionPlace? place = null;
        lock (_lock)
        {
            var own = _taken.GetValueOrDefault(client);

            // An address that stands for nobody is a socket file or a pipe, and whoever is behind it.
            var isOverShare = own is not null && own.Places.Count >= maxOfOne && client != default;
            if (isOverShare)
                loser = IdlestOrNull(own!.Places);
            else if (_count - _spare >= max)
                loser = IdlestOfMostOrNull(isSpare: false) ?? (_spare >= spare ? IdlestOfMostOrNull(isSpare: true) : null);

            var isSpare = loser?.IsSpare ?? _count - _spare >= max;
            if (loser is not null)
                Leave_NeedsLock(loser);
            if (loser is not null || (!isOverShare && !(isSpare && _spare >= spare)))
            {
                if (!_taken.TryGetValue(client, out own))
                    _taken[client] = own = new ClientShare(client, client == default ? int.MaxValue : maxRequestsOfOne);
                place = new ConnectionPlace(this, shedding, own, end, isSpare, clock);
                own.Places.Add(place);
                _count++;
                _spare += isSpare ? 1 : 0;
            }
        }

        loser?.End();
        return place;
    }

    internal void Leave(ConnectionPlace place)
    {
        lock (_lock)
            Leave_NeedsLock(place);
    }

    // One that has only come, and not asked yet, is idle too: so those of others go first, and the longest idle.
    private ConnectionPlace? IdlestOfMostOrNull(bool isSpare) => _taken.Values
        .OrderByDescending(static share => share.Places.Count)
        .Select(share => IdlestOrNull(share.Places.Where(place => place.IsSpare == isSpare)))
        .FirstOrDefault(static idle => idle is not null);

    private static ConnectionPlace? IdlestOrNull(IEnumerable<ConnectionPlace> places) =>
        places.Where(static place => place.IsIdle).MinBy(static place => place.IdleSince);

    private void Leave_NeedsLock(ConnectionPlace place)
    {
        if (!place.Share.Places.Remove(place))
            return;
        _count--;
        _spare -= place.IsSpare ? 1 : 0;
        if (place.Share.Places.Count == 0)
            _taken.Remove(place.Share.Client);
    }
}

/// <summary>What one address has.</summary>
internal sealed class ClientShare(ClientAddress client, int maxRequests)
{
    private int _requests;

    /// <summary>Whose it is.</summary>
    public ClientAddress Client => client;

    /// <summary>Its connections; for <see cref="ConnectionPlaces"/>, under its lock.</summary>
    public HashSet<ConnectionPlace> Places { get; } = [];

    /// <summary>A request begins; false when it is one too many. Either way it ends.</summary>
    public bool Begin() => Interlocked.Increment(ref _requests) <= maxRequests;

    /// <summary>It ended.</summary>
    public void Finish() => Interlocked.Decrement(ref _requests);
}

/// <summary>A connection's place. Hot path: six writes per request.</summary>
internal sealed class ConnectionPlace(ConnectionPlaces places, LoadShedding shedding, ClientShare share, Action end, bool isSpare, TimeProvider clock) : IDisposable
{
    private int _requests;
    private long _idleSince = clock.GetTimestamp();
    private volatile bool _isGivenBack;
    private volatile bool _wasOfUse;

    /// <summary>Of what it is.</summary>
    public ClientShare Share => share;

    /// <summary>Only for health checks and members.</summary>
    public bool IsSpare => isSpare;

    /// <summary>In no request.</summary>
    public bool IsIdle => Volatile.Read(ref _requests) == 0;

    /// <summary>Timestamp of its last request's end, or of its beginning.</summary>
    public long IdleSince => Volatile.Read(ref _idleSince);

    /// <summary>A request begins; false when only health checks and members are answered here now. Either way it ends.</summary>
    public bool Begin()
    {
        Interlocked.Increment(ref _requests);
        return share.Begin() && !isSpare && !shedding.IsTurnedAway(share.Client);
    }

    /// <summary>It ended; <paramref name="isWasted"/> where it was of no use to its client. Gives the timestamp of its end.</summary>
    public long Finish(bool isWasted)
    {
        share.Finish();
        if (!isWasted)
            _wasOfUse = true;
        else if (!_isGivenBack)
            shedding.Waste(share.Client);
        var now = clock.GetTimestamp();
        Volatile.Write(ref _idleSince, now);
        Interlocked.Decrement(ref _requests);
        return now;
    }

    /// <summary>A member is at the other end: the place is free for others, and nobody ends the connection.</summary>
    public void GiveBack()
    {
        if (_isGivenBack)
            return;
        _isGivenBack = true;
        places.Leave(this);
    }

    /// <summary>Another connection took it.</summary>
    public void End() => end();

    public void Dispose()
    {
        places.Leave(this);
        if (!_wasOfUse && !_isGivenBack)
            shedding.Waste(share.Client);
    }
}
