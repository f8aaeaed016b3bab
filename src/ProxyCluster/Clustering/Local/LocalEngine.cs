using ProxyCluster.Routing;

namespace ProxyCluster.Clustering.Local;

/// <summary>
/// The <c>local</c> engine: one host in a <see cref="LocalCluster"/>. Alone, it is a cluster of one that is its own
/// authority, the default; several hosts that share the object are a cluster without a network, for tests and the demo.
/// </summary>
internal sealed class LocalEngine : IEngine
{
    private readonly LocalCluster _cluster;
    private readonly TimeProvider _time;
    private readonly ViewFeed _feed;
    private volatile Member? _self;
    private volatile EngineStatus _status;
    private volatile bool _isAuthority;

    /// <param name="cluster">The members of this process.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Where a handler's bugs go.</param>
    /// <param name="rooms">This member's services, which the others of the process may use; null for an engine without a host.</param>
    public LocalEngine(LocalCluster cluster, TimeProvider time, ILogger<LocalEngine> log, IServiceProvider? rooms = null)
    {
        Rooms = rooms;
        _cluster = cluster;
        _time = time;
        _feed = new ViewFeed(log);
        _status = new EngineStatus(true, "not joined yet", time.GetUtcNow());
    }

    /// <inheritdoc/>
    public event Action<ClusterView>? ViewChanged
    {
        add => _feed.Changed += value;
        remove => _feed.Changed -= value;
    }

    /// <inheritdoc/>
    public string Name => "local";

    /// <summary>This member's services.</summary>
    public IServiceProvider? Rooms { get; }

    /// <inheritdoc/>
    public bool IsAlone => true;

    /// <inheritdoc/>
    public Member? Self => _self;

    /// <inheritdoc/>
    public ClusterView View => _feed.View;

    /// <inheritdoc/>
    public EngineStatus Status => _status;

    /// <inheritdoc/>
    public bool IsAuthority => _isAuthority;

    /// <inheritdoc/>
    public Task JoinAsync(Member self, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (Interlocked.CompareExchange(ref _self, self, null) is not null)
            throw new InvalidOperationException("an engine joins once");
        _feed.Swap(view => view with { Members = [self] });
        _cluster.Join(this);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task LeaveAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        _cluster.Leave(this);
        _isAuthority = false;
        _feed.Swap(view => view with { Members = view.Members.RemoveAll(member => member.Id == _self?.Id) });
        SetStatus(true, "left the cluster");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<PublishResult> TryPublishAsync(RoutingTable next, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return Task.FromResult(_cluster.TryPublish(this, next));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _cluster.Leave(this);
        _isAuthority = false;
        await _feed.DisposeAsync();
    }

    /// <summary>Called under the cluster's lock.</summary>
    internal void Deliver(ClusterView view, bool isAuthority)
    {
        _isAuthority = isAuthority;
        SetStatus(false, "in one process");
        _feed.Swap(_ => view);
    }

    /// <summary>Called under the cluster's lock.</summary>
    internal void Degrade(string reason) => SetStatus(true, reason);

    private void SetStatus(bool isDegraded, string detail)
    {
        if (_status.IsDegraded != isDegraded || _status.Detail != detail)
            _status = new EngineStatus(isDegraded, detail, _time.GetUtcNow());
    }
}
