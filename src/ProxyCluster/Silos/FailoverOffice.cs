using System.Collections.Concurrent;
using ProxyCluster.Clustering;
using ProxyCluster.Failover;
using ProxyCluster.Routing;

namespace ProxyCluster.Silos;

/// <summary>
/// The right of one activation of the failover grain to replace the routing table.
/// <para>
/// <b>One at a time.</b> An activation that begins claims the office by a write to the grain's record; publications are
/// writes to the same record, and its storage refuses whoever has not read the last of them. So the last to begin holds the
/// office. One that was frozen, replaced and thawed, or that a silo with a stale directory has placed beside another, writes
/// nothing any more, whatever it believes; the refusal tells it, the record says why, and it ends.
/// </para>
/// <para>
/// <b>Losing the storage.</b> Nothing can be published; members keep the table that they have. An activation that begins
/// meanwhile hears the reports and decides, and claims the moment the storage is back.
/// </para>
/// <para>
/// <b>Storage in memory</b> dies with a silo. Where there is no record, the newest table that anybody alive knows counts, and
/// the office begins when every live member has reported and, where that is newer than ours, sent it along; one that stays
/// silent is not waited for beyond <see cref="Patience"/>. What nobody alive has seen was never acted upon.
/// </para>
/// </summary>
internal sealed partial class FailoverOffice(
    ViewFeed feed, string member, StoredState<FailoverState> state, TimeProvider time, ILogger log) : IDisposable
{
    /// <summary>Limit for each call of the storage.</summary>
    public static readonly TimeSpan StorageLimit = TimeSpan.FromSeconds(1);

    /// <summary>Time for members to report to an office without a record: two reports of each.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, bool> _heard = new(StringComparer.Ordinal);
    private readonly long _began = time.GetTimestamp();

    // Guards what was read, and writing.
    private readonly SemaphoreSlim _gate = new(1, 1);
    private long _term;
    private bool _isClaimed;
    private volatile bool _isWaiting;
    private volatile bool _isLost;

    /// <summary>Whether this activation should decide, as far as it knows.</summary>
    public bool IsHeld => !_isLost && !_isWaiting;

    /// <summary>Whether another holds the office; it does not come back.</summary>
    public bool IsLost => _isLost;

    /// <summary>When the activation begins: learns what was written, and claims the office if it can.</summary>
    public async Task BeginAsync()
    {
        await _gate.WaitAsync();
        try
        {
            await ClaimAsync_NeedsGate();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Takes in what a member knows.</summary>
    public void Note(HealthReport report, byte[] table)
    {
        Take(table);
        if (report.Epoch <= feed.View.Routing.Epoch)
            _heard.TryAdd(report.Member, true);
    }

    /// <summary>Claims an office without a record, once enough has been heard for it.</summary>
    public async Task ClaimIfCompleteAsync()
    {
        if (_isWaiting && IsComplete)
            await BeginAsync();
    }

    /// <summary>As <see cref="IEngine.TryPublishAsync"/>.</summary>
    public async Task<PublishStatus> TryPublishAsync(RoutingTable next, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            while (true)
            {
                cancel.ThrowIfCancellationRequested();

                // 1. What is written over must be ours, and what was decided from.
                if (!_isClaimed && !await ClaimAsync_NeedsGate())
                    return _isLost ? PublishStatus.NotAuthority : PublishStatus.Unavailable;
                if (next.Epoch != feed.View.Routing.Epoch + 1)
                    return PublishStatus.Superseded;

                // 2. The write is the decision.
                var written = await state.TryWriteAsync(FailoverState.Of(_term, member, next));
                _isClaimed = written == WriteResult.Written;
                if (_isClaimed)
                    Take(state.Value.Table);
                if (written != WriteResult.Conflict)
                    return _isClaimed ? PublishStatus.Published : PublishStatus.Unavailable;

                // 3. Another has begun, or the record went with a silo: it says which when it is read again.
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private void Take(byte[] table) => feed.Take(RoutingTableJson.ReadOrNull(table));

    private bool IsComplete =>
        _term > 0 || time.GetElapsedTime(_began) >= Patience || feed.View.Members.All(live => _heard.ContainsKey(live.Id));

    private async Task<bool> ClaimAsync_NeedsGate()
    {
        // What cannot be read may be newer than all we know.
        while (await state.ReadAsync() == ReadResult.Read)
        {
            // 1. Ours already, or another's: a write that was given up may have arrived all the same, or been overtaken. What was
            //    published was written first, so a record is the newest there is.
            var standing = state.Value;
            Take(standing.Table);
            _isClaimed = _term > 0 && (standing.Term, standing.Member) == (_term, member);
            _isLost = _term > 0 && state.Exists && !_isClaimed;
            _isWaiting = !state.Exists && !IsComplete;
            if (_isClaimed || _isLost || _isWaiting)
                return _isClaimed;

            // 2. Vacant, or a predecessor's.
            var term = Math.Max(_term, standing.Term) + 1;
            switch (await state.TryWriteAsync(FailoverState.Of(term, member, feed.View.Routing)))
            {
                case WriteResult.Written:
                    _term = term;
                    Log.Claimed(log, member, term, feed.View.Routing.Epoch);
                    return _isClaimed = true;

                case WriteResult.Unavailable:
                    return false;
            }
        }

        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Member {Member} is the authority in term {Term}, from epoch {Epoch} on")]
        public static partial void Claimed(ILogger log, string member, long term, long epoch);
    }
}
