using ProxyCluster.Clustering.Agreed;
using ProxyCluster.Routing;

namespace ProxyCluster.Clustering.Local;

/// <summary>
/// What the <c>local</c> engines of one process share: the members, the routing table and who the authority is, under
/// one lock. The authority is the member that has been there longest.
/// <para>
/// It keeps the same promises as a real store (the conformance suite says so), and can be made to fail like one:
/// <see cref="Kill"/> and <see cref="Freeze"/> take a member away as a crash or a long pause would, with the lease
/// running out at once; <see cref="Lose"/> makes the engine itself unreachable for everybody.
/// </para>
/// </summary>
internal sealed class LocalCluster
{
    // Guards everything below. Delivering a view only swaps a reference, so it happens under the lock, in order.
    private readonly Lock _lock = new();
    private readonly List<LocalEngine> _members = [];
    private readonly HashSet<LocalEngine> _frozen = [];
    private readonly Dictionary<string, AgreedPlace> _agreed = new(StringComparer.Ordinal);
    private RoutingTable _routing = RoutingTable.Empty;
    private LocalEngine? _authority;
    private string? _lost;

    /// <summary>What its members prove to each other: made up here, and known to nobody outside this process.</summary>
    public byte[] Secret { get; } = System.Security.Cryptography.RandomNumberGenerator.GetBytes(32);

    /// <summary>Takes a member away as a crash does: no leave, and its own engine hears nothing any more.</summary>
    public void Kill(string id)
    {
        lock (_lock)
        {
            if (FindOrNull(id) is { } engine)
                Remove(engine);
        }
    }

    /// <summary>
    /// Takes a member away as a long pause does: the others forget it, and it goes on believing what it last knew until
    /// <see cref="Thaw"/>.
    /// </summary>
    public void Freeze(string id)
    {
        lock (_lock)
        {
            if (FindOrNull(id) is not { } engine)
                return;
            _frozen.Add(engine);
            Remove(engine);
        }
    }

    /// <summary>Ends a pause: the member registers again under its id and learns what it missed.</summary>
    public void Thaw(string id)
    {
        lock (_lock)
        {
            if (_frozen.FirstOrDefault(engine => engine.Self?.Id == id) is not { } engine)
                return;
            _frozen.Remove(engine);
            Add(engine);
        }
    }

    /// <summary>Makes the engine unreachable for every member: last views stay, nothing can be published.</summary>
    /// <param name="reason">The sentence that <see cref="IEngine.Status"/> shows.</param>
    public void Lose(string reason)
    {
        lock (_lock)
        {
            _lost = reason;
            foreach (var engine in _members)
                engine.Degrade(reason);
        }
    }

    /// <summary>Ends <see cref="Lose"/>.</summary>
    public void Restore()
    {
        lock (_lock)
        {
            _lost = null;
            Deliver();
        }
    }

    internal void Join(LocalEngine engine)
    {
        lock (_lock)
            Add(engine);
    }

    internal void Leave(LocalEngine engine)
    {
        lock (_lock)
        {
            _frozen.Remove(engine);
            Remove(engine);
        }
    }

    internal PublishResult TryPublish(LocalEngine engine, RoutingTable next)
    {
        lock (_lock)
        {
            if (_lost is not null)
                return new(PublishStatus.Unavailable, engine.View.Routing);
            if (engine != _authority)
                return new(PublishStatus.NotAuthority, _routing);
            if (next.Epoch != _routing.Epoch + 1)
                return new(PublishStatus.Superseded, _routing);
            _routing = next;
            Deliver();
            return new(PublishStatus.Published, next);
        }
    }

    /// <summary>As <see cref="IAgreedCalls.ReadAsync"/>.</summary>
    internal AgreedDocument? AgreedOrNull(string name, AgreedDocument known)
    {
        lock (_lock)
        {
            if (_lost is not null)
                return null;
            return PlaceOf(name).Read(known);
        }
    }

    /// <summary>As <see cref="IAgreedCalls.WriteAsync"/>.</summary>
    internal AgreedWrite TryAgree(string name, AgreedDocument known, byte[] next)
    {
        lock (_lock)
        {
            return _lost is not null ? AgreedWrite.Unavailable : PlaceOf(name).TryChange(known, next) ? AgreedWrite.Written : AgreedWrite.Superseded;
        }
    }

    private AgreedPlace PlaceOf(string name) => _agreed.TryGetValue(name, out var place) ? place : _agreed[name] = new AgreedPlace();

    /// <summary>The services of a live member: what others call over a line is a method here.</summary>
    internal IServiceProvider? RoomsOrNull(string id)
    {
        lock (_lock)
            return FindOrNull(id)?.Rooms;
    }

    private LocalEngine? FindOrNull(string id) => _members.Find(engine => engine.Self?.Id == id);

    private void Add(LocalEngine engine)
    {
        _members.Add(engine);
        if (_lost is not null)
            engine.Degrade(_lost);
        Deliver();
    }

    private void Remove(LocalEngine engine)
    {
        if (_members.Remove(engine))
            Deliver();
    }

    private void Deliver()
    {
        if (_lost is not null)
            return;
        if (_authority is null || !_members.Contains(_authority))
            _authority = _members.FirstOrDefault();
        var view = new ClusterView(
            [.. _members.Select(static engine => engine.Self!).OrderBy(static member => member.Id, StringComparer.Ordinal)], _routing)
        {
            AuthorityId = _authority?.Self?.Id,
        };
        foreach (var engine in _members)
            engine.Deliver(view, engine == _authority);
    }
}
