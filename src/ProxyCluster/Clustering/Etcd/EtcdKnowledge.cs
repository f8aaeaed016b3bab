namespace ProxyCluster.Clustering.Etcd;

/// <summary>Which of the engine's two loops speaks.</summary>
internal enum EtcdLoop
{
    /// <summary>Lists and watches.</summary>
    Follower,

    /// <summary>Keeps the lease, the registration and the authority.</summary>
    Tenure,
}

/// <summary>
/// What the engine's loops share: the cluster as followed, how etcd has answered, and the status that follows from both.
/// All of it changes under one lock and is read without.
/// </summary>
internal sealed partial class EtcdKnowledge
{
    private readonly Lock _lock = new();
    private readonly Member _self;
    private readonly ClusteringOptions _options;
    private readonly TimeProvider _time;
    private readonly ViewFeed _feed;
    private readonly ILogger _log;
    private readonly string?[] _troubles = ["has not listed the cluster yet", "has not registered yet"];
    private readonly TaskCompletionSource _firstWord = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile FollowedCluster _cluster;
    private volatile EngineStatus _status;
    private EtcdContact _contact;

    public EtcdKnowledge(Member self, EtcdKeys keys, ClusteringOptions options, TimeProvider time, ViewFeed feed, ILogger log)
    {
        _self = self;
        _options = options;
        _time = time;
        _feed = feed;
        _log = log;
        _cluster = new FollowedCluster(keys);
        _contact = EtcdContact.Begin(Now, options.LeaseTtl);
        _status = new EngineStatus(true, "not joined yet", time.GetUtcNow());
        feed.Swap(_ => _cluster.ToView(self));
    }

    /// <summary>The local monotonic clock.</summary>
    public TimeSpan Now => _time.GetElapsedTime(0);

    /// <summary>The cluster as followed so far.</summary>
    public FollowedCluster Cluster => _cluster;

    /// <summary>How the engine is doing.</summary>
    public EngineStatus Status => _status;

    /// <summary>Ends once both loops are well, or one of them has said why it is not.</summary>
    public Task FirstWord => _firstWord.Task;

    /// <summary>Called after every change, outside of the lock.</summary>
    public Action Changed { get; set; } = static () => { };

    /// <summary>Takes a step; the step is told whether lost leases count as deaths.</summary>
    public void Apply(Func<FollowedCluster, bool, FollowedCluster> step)
    {
        lock (_lock)
        {
            var next = step(_cluster, _contact.IsSettled(Now, _options.ReturnGrace));
            if (ReferenceEquals(next, _cluster))
                return;
            _cluster = next;
            _feed.Swap(_ => next.ToView(_self));
        }

        Changed();
    }

    /// <summary>
    /// Takes over a listing. One of another history has lost all leases at once, however short the outage was: nobody
    /// is forgotten for that either.
    /// </summary>
    public void Take(EtcdRangeResponse listing)
    {
        lock (_lock)
        {
            if (_cluster.IsOtherHistory(listing.Header))
                _contact = _contact.Returned(Now);
        }

        Apply((cluster, isSettled) => cluster.WithListing(listing, isSettled));
    }

    /// <summary>etcd answered with a quorum behind it. Once it has been well for long enough, the absent are forgotten.</summary>
    public void Answered()
    {
        lock (_lock)
        {
            _contact = _contact.Answered(Now);
            if (!_contact.IsSettled(Now, _options.ReturnGrace))
                return;
        }

        Apply(static (cluster, isSettled) => isSettled ? cluster.Settle() : cluster);
    }

    /// <summary>A loop is well.</summary>
    public void Well(EtcdLoop loop) => Set(loop, null);

    /// <summary>A loop cannot do its work; the last view stays.</summary>
    public void Trouble(EtcdLoop loop, EtcdError error) => Set(loop, error.Message);

    private void Set(EtcdLoop loop, string? trouble)
    {
        EngineStatus before, after;
        lock (_lock)
        {
            _troubles[(int)loop] = trouble;
            before = _status;
            var detail = _troubles[(int)EtcdLoop.Tenure] ?? _troubles[(int)EtcdLoop.Follower];
            // While joining, a loop that has not spoken yet must not pass for trouble.
            if (trouble is null && detail is not null && !_firstWord.Task.IsCompleted)
                return;
            after = before with { IsDegraded = detail is not null, Detail = detail ?? "registered with etcd and following it" };
            if (after.IsDegraded != before.IsDegraded || !_firstWord.Task.IsCompleted)
                after = after with { Since = _time.GetUtcNow() };
            _status = after;
        }

        var isFirst = _firstWord.TrySetResult();
        if (after.IsDegraded && (isFirst || !before.IsDegraded))
            Log.Lost(_log, after.Detail);
        else if (!after.IsDegraded && before.IsDegraded)
            Log.Restored(_log, _cluster.Members.Count, _cluster.Routing.Epoch);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Engine etcd was lost, the last view is kept: {Detail}")]
        public static partial void Lost(ILogger log, string detail);

        [LoggerMessage(LogLevel.Information, "Engine etcd was reached: {Members} members, epoch {Epoch}")]
        public static partial void Restored(ILogger log, int members, long epoch);
    }
}
