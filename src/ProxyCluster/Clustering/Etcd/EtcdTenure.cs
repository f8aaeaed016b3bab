namespace ProxyCluster.Clustering.Etcd;

/// <summary>
/// Keeps this process in the cluster: one lease, renewed every heartbeat, that carries the member's key and, if it comes
/// to that, the authority's. Whatever is missing is put back in the order lease, registration, authority; a lease that ran
/// out is replaced by a new one, and the member returns under the same id.
/// </summary>
internal sealed partial class EtcdTenure(
    EtcdClient client, EtcdKeys keys, EtcdKnowledge knowledge, EtcdAuthority authority, Member self,
    ClusteringOptions options, TimeProvider time, ILogger log)
{
    private readonly byte[] _key = EtcdKeys.Bytes(keys.Member(self.Id));
    private readonly EtcdBackoff _backoff = new(options.Etcd.MaxBackoff);
    private volatile LeaseTerm? _term;
    private volatile TaskCompletionSource _kick = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _registeredAt;

    /// <summary>The lease as far as we can be sure of it.</summary>
    public LeaseTerm? Term => _term;

    /// <summary>The cluster changed: act at once if the office is vacant or our registration is gone.</summary>
    public void Review()
    {
        if (knowledge.Cluster.AuthorityId is null || !IsRegistered)
            _kick.TrySetResult();
    }

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var kick = _kick;
            if (kick.Task.IsCompleted)
                _kick = kick = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (await EtcdLoops.GuardAsync(StepAsync, log, stop) is { } error)
            {
                knowledge.Trouble(EtcdLoop.Tenure, error);
                await Task.Delay(_backoff.Next(), time, stop);
                continue;
            }

            _backoff.Reset();
            knowledge.Well(EtcdLoop.Tenure);
            await WaitAsync(kick.Task, stop);
        }
    }

    /// <summary>Says that we leave, so that nobody waits for our return, and gives the lease back.</summary>
    public async Task LeaveAsync(CancellationToken cancel)
    {
        if (_term is not { } term)
            return;
        _term = null;
        await client.PutAsync(_key, EtcdValues.FromMember(self, isLeaving: true), term.Id, cancel);
        var revoked = await client.RevokeLeaseAsync(term.Id, cancel);
        if (revoked.Error is { } error)
            Log.LeaveFailed(log, self.Id, error.Message);
    }

    // Our own write may be ahead of the watch.
    private bool IsRegistered => _registeredAt > 0 && (knowledge.Cluster.IsListed(self.Id) || knowledge.Cluster.Revision < _registeredAt);

    private async Task<EtcdError?> StepAsync(CancellationToken stop)
    {
        // 1. A lease.
        if (await KeepLeaseAsync(stop) is { } noLease)
            return noLease;
        var term = _term!;

        // 2. Our key on it.
        if (!IsRegistered)
        {
            var put = await client.PutAsync(_key, EtcdValues.FromMember(self), term.Id, stop);
            if (!put.TryGet(out var answer, out var error))
            {
                if (error.Kind == EtcdErrorKind.LeaseNotFound)
                    _term = null;
                return error;
            }

            _registeredAt = answer.Header.Revision;
            knowledge.Answered();
        }

        // 3. The table, if etcd lost it, and the office, if it is vacant.
        return await authority.RestoreTableAsync(stop) ?? await authority.CampaignAsync(term, stop);
    }

    private async Task<EtcdError?> KeepLeaseAsync(CancellationToken stop)
    {
        var sent = knowledge.Now;
        if (_term is { } held)
        {
            // Kicked early: the lease has time.
            if (sent - held.RenewedAt < options.HeartbeatInterval / 2)
                return null;
            var kept = await client.KeepLeaseAsync(held.Id, stop);
            if (kept.TryGet(out var lease, out var error))
            {
                _term = held with { RenewedAt = sent, Ttl = TimeSpan.FromSeconds(lease.Ttl) };
                knowledge.Answered();
                return null;
            }

            if (error.Kind != EtcdErrorKind.LeaseNotFound)
                return error;
            Log.LeaseLost(log, self.Id);
            _term = null;
            sent = knowledge.Now;
        }

        var granted = await client.GrantLeaseAsync(options.LeaseTtl, stop);
        if (!granted.TryGet(out var answer, out var refused))
            return refused;
        _registeredAt = 0;
        _term = new LeaseTerm(answer.Id, sent, TimeSpan.FromSeconds(answer.Ttl));
        knowledge.Answered();
        return null;
    }

    private async Task WaitAsync(Task kick, CancellationToken stop)
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var heartbeat = Task.Delay(options.HeartbeatInterval, time, done.Token);
        await Task.WhenAny(kick, heartbeat);
        await done.CancelAsync();
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The lease of member {Member} had run out; it was registered again")]
        public static partial void LeaseLost(ILogger log, string member);

        [LoggerMessage(LogLevel.Warning, "Member {Member} left without etcd's answer; its lease runs out by itself: {Reason}")]
        public static partial void LeaveFailed(ILogger log, string member, string reason);
    }
}
