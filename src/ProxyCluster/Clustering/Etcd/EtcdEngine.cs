using ProxyCluster.Routing;

namespace ProxyCluster.Clustering.Etcd;

/// <summary>
/// The <c>etcd</c> engine: membership, one routing table and one authority on an existing etcd, by its HTTP/JSON gateway.
/// <para>
/// <b>How.</b> Two loops. <see cref="EtcdTenure"/> keeps a lease with the member's key on it; a process that stops
/// renewing is gone from every view when it runs out. <see cref="EtcdFollower"/> lists the cluster's keys and watches
/// them, so changes arrive within a round trip. <see cref="EtcdAuthority"/> is the election and the compare-and-swap.
/// </para>
/// <para>
/// <b>What it survives.</b> An etcd member that dies, freezes or is cut off: calls and watch move to the next endpoint.
/// All of etcd gone: the last view stays, the status says so, both loops try again with jittered pauses, for ever. etcd
/// back: members register again under their ids, and nobody is forgotten for a lease that could not be renewed until etcd
/// has been well for <see cref="ClusteringOptions.ReturnGrace"/> (<see cref="EtcdContact"/>). History compacted, or lost
/// with etcd's disks: everything is listed again, and the routing table, which members remember, is put back.
/// </para>
/// <para>
/// <b>What it costs.</b> Per member one renewal per heartbeat and one small read per <see cref="EtcdOptions.WatchSilence"/>
/// without changes; per change one pushed line to every member. Requests never touch etcd.
/// </para>
/// Road not taken: etcd's own election and lock services, which hide the revision that a publication must compare.
/// </summary>
internal sealed class EtcdEngine : IEngine
{
    private readonly EtcdClient _client;
    private readonly ClusteringOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ViewFeed _feed;
    private readonly CancellationTokenSource _stop = new();
    private readonly EngineStatus _before;
    private volatile Session? _session;
    private volatile EngineStatus? _after;
    private int _isStopped;

    /// <param name="client">The way to etcd; disposed with the engine.</param>
    /// <param name="options">Names and times.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Where changes of state go.</param>
    public EtcdEngine(EtcdClient client, ClusteringOptions options, TimeProvider time, ILogger<EtcdEngine> log)
    {
        _client = client;
        _options = options;
        _time = time;
        _log = log;
        _feed = new ViewFeed(log);
        _before = new EngineStatus(true, "not joined yet", time.GetUtcNow());
    }

    /// <inheritdoc/>
    public event Action<ClusterView>? ViewChanged
    {
        add => _feed.Changed += value;
        remove => _feed.Changed -= value;
    }

    /// <inheritdoc/>
    public string Name => "etcd";

    /// <inheritdoc/>
    public Member? Self => _session?.Self;

    /// <inheritdoc/>
    public ClusterView View => _feed.View;

    /// <inheritdoc/>
    public EngineStatus Status => _after ?? _session?.Knowledge.Status ?? _before;

    /// <inheritdoc/>
    public bool IsAuthority => _session is { } session && session.Authority.IsHeld(session.Tenure.Term);

    /// <inheritdoc/>
    public async Task JoinAsync(Member self, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var keys = new EtcdKeys(_options.Name);
        var knowledge = new EtcdKnowledge(self, keys, _options, _time, _feed, _log);
        var authority = new EtcdAuthority(_client, keys, knowledge, self, _log);
        var tenure = new EtcdTenure(_client, keys, knowledge, authority, self, _options, _time, _log);
        var follower = new EtcdFollower(_client, keys, knowledge, _options, _time, _log);
        var session = new Session(self, knowledge, authority, tenure);
        if (Interlocked.CompareExchange(ref _session, session, null) is not null)
            throw new InvalidOperationException("an engine joins once");
        knowledge.Changed = tenure.Review;
        // Under the engine's lifetime: cancelling the join ends the wait for the first view, not the joining.
        session.Loops = Task.WhenAll(
            Task.Run(() => tenure.RunAsync(_stop.Token), CancellationToken.None),
            Task.Run(() => follower.RunAsync(_stop.Token), CancellationToken.None));
        await knowledge.FirstWord.WaitAsync(cancel);
    }

    /// <inheritdoc/>
    public async Task LeaveAsync(CancellationToken cancel)
    {
        if (_session is not { } session)
            return;
        await StopAsync("left the cluster");
        await session.Tenure.LeaveAsync(cancel);
        _feed.Swap(view => view with { Members = view.Members.RemoveAll(member => member.Id == session.Self.Id) });
    }

    /// <inheritdoc/>
    public Task<PublishResult> TryPublishAsync(RoutingTable next, CancellationToken cancel) =>
        _session is { } session && Volatile.Read(ref _isStopped) == 0
            ? session.Authority.TryPublishAsync(next, cancel)
            : Task.FromResult(new PublishResult(PublishStatus.NotAuthority, View.Routing));

    /// <inheritdoc/>
    public async Task<bool> TryTakeOverAsync(string from, CancellationToken cancel) =>
        _session is { Tenure.Term: { } term } session && Volatile.Read(ref _isStopped) == 0
        && await session.Authority.TryTakeOverAsync(from, term, cancel);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync("stopped");
        await _feed.DisposeAsync();
        _client.Dispose();
        _stop.Dispose();
    }

    private async Task StopAsync(string detail)
    {
        if (Interlocked.Exchange(ref _isStopped, 1) == 0)
        {
            _after = new EngineStatus(true, detail, _time.GetUtcNow());
            await _stop.CancelAsync();
        }

        try
        {
            await (_session?.Loops ?? Task.CompletedTask);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The way both loops end.
        }
    }

    /// <summary>One life in the cluster.</summary>
    private sealed class Session(Member self, EtcdKnowledge knowledge, EtcdAuthority authority, EtcdTenure tenure)
    {
        public Member Self => self;

        public EtcdKnowledge Knowledge => knowledge;

        public EtcdAuthority Authority => authority;

        public EtcdTenure Tenure => tenure;

        public Task Loops { get; set; } = Task.CompletedTask;
    }
}
