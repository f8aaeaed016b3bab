using ProxyCluster.Routing;

namespace ProxyCluster.Clustering.Etcd;

/// <summary>
/// The office of the authority: who writes the key holds it for as long as that member's lease lives, or until another
/// takes it over by writing it anew. Everybody who sees the key gone tries; etcd lets one succeed.
/// <para>
/// <see cref="IsHeld"/> ends on the local clock when the lease could have run out, before etcd can have given the office
/// to another. That is for not deciding in vain; what protects the table is the transaction, which compares the revision
/// of the key (nobody has written it since we did) and the revision of the table, and fails for a holder that has
/// slept through its own succession, whatever its clock says.
/// </para>
/// </summary>
internal sealed partial class EtcdAuthority(EtcdClient client, EtcdKeys keys, EtcdKnowledge knowledge, Member self, ILogger log)
{
    private readonly byte[] _key = EtcdKeys.Bytes(keys.Authority);
    private readonly byte[] _routing = EtcdKeys.Bytes(keys.Routing);
    private volatile Office? _office;

    /// <summary>Whether the office is ours for certain, with this lease at this time.</summary>
    public bool IsHeld(LeaseTerm? term) =>
        term is not null && _office is { } office && office.LeaseId == term.Id && term.IsCertain(knowledge.Now) && !IsSucceeded(office);

    /// <summary>Tries to take the office if nobody holds it.</summary>
    public async Task<EtcdError?> CampaignAsync(LeaseTerm term, CancellationToken cancel)
    {
        var seen = knowledge.Cluster;
        if (seen.AuthorityId is not null || seen.Revision == 0 || (_office is { } office && office.LeaseId == term.Id && !IsSucceeded(office)))
            return null;
        var answered = await client.TxnAsync(new EtcdTxnRequest(
            [EtcdCompare.Created(_key, 0)],
            [new EtcdRequestOp(new EtcdPutRequest(_key, EtcdKeys.Bytes(self.Id), term.Id))],
            [new EtcdRequestOp(RequestRange: new EtcdRangeRequest(_key))]), cancel);
        if (!answered.TryGet(out var answer, out var error))
            return error;
        var revision = answer.Succeeded ? answer.Header.Revision
            // An earlier attempt whose answer was lost.
            : answer.ReadOrNull(0) is { } holder && holder.Lease == term.Id ? holder.ModRevision
            : 0;
        if (revision == 0)
            return null;
        Hold(term, revision);
        Log.Elected(log, self.Id, revision);
        return null;
    }

    /// <summary>Takes the office from a holder who has it still: one write, if nobody has written the key since.</summary>
    public async Task<bool> TryTakeOverAsync(string from, LeaseTerm term, CancellationToken cancel)
    {
        var seen = knowledge.Cluster;
        if (seen.AuthorityId != from || from == self.Id || seen.AuthorityRevision == 0 || !term.IsCertain(knowledge.Now))
            return false;
        var answered = await client.TxnAsync(new EtcdTxnRequest(
            [EtcdCompare.Modified(_key, seen.AuthorityRevision)],
            [new EtcdRequestOp(new EtcdPutRequest(_key, EtcdKeys.Bytes(self.Id), term.Id))],
            []), cancel);
        if (!answered.TryGet(out var answer, out _) || !answer.Succeeded)
            return false;
        Hold(term, answer.Header.Revision);
        Log.TookOver(log, self.Id, from, answer.Header.Revision);
        return true;
    }

    /// <summary>Publishes a table if the office is ours and the table follows the one that stands.</summary>
    public async Task<PublishResult> TryPublishAsync(RoutingTable next, CancellationToken cancel)
    {
        var seen = knowledge.Cluster;
        if (_office is not { } office)
            return new(PublishStatus.NotAuthority, seen.Routing);
        if (next.Epoch != seen.Routing.Epoch + 1 || seen.StoredEpoch is null)
            return new(PublishStatus.Superseded, seen.Routing);
        var value = EtcdValues.FromRouting(next);
        var answered = await client.TxnAsync(new EtcdTxnRequest(
            [EtcdCompare.Modified(_key, office.Revision), EtcdCompare.Modified(_routing, seen.RoutingRevision)],
            [new EtcdRequestOp(new EtcdPutRequest(_routing, value, 0))],
            [new EtcdRequestOp(RequestRange: new EtcdRangeRequest(_routing)), new EtcdRequestOp(RequestRange: new EtcdRangeRequest(_key))]), cancel);
        if (!answered.TryGet(out var answer, out _))
            return new(PublishStatus.Unavailable, knowledge.Cluster.Routing);
        if (answer.Succeeded)
        {
            var revision = answer.Header.Revision;
            knowledge.Apply((cluster, _) => cluster.WithPut(new EtcdKeyValue(_routing, value, revision, revision)));
            return new(PublishStatus.Published, next);
        }

        var standing = answer.ReadOrNull(0);
        if (standing is not null)
            knowledge.Apply((cluster, _) => cluster.WithPut(standing));
        // An earlier attempt whose answer was lost.
        if (standing?.Value is { } stored && stored.AsSpan().SequenceEqual(value))
            return new(PublishStatus.Published, next);
        var status = answer.ReadOrNull(1)?.ModRevision == office.Revision ? PublishStatus.Superseded : PublishStatus.NotAuthority;
        return new(status, knowledge.Cluster.Routing);
    }

    /// <summary>
    /// Puts the table that is known back when etcd lost it with its data: epochs must not begin again, or members that
    /// remember would not believe the new ones.
    /// </summary>
    public async Task<EtcdError?> RestoreTableAsync(CancellationToken cancel)
    {
        var seen = knowledge.Cluster;
        if (seen.Revision == 0 || seen.StoredEpoch is not { } epoch || epoch >= seen.Routing.Epoch)
            return null;
        var value = EtcdValues.FromRouting(seen.Routing);
        var answered = await client.TxnAsync(new EtcdTxnRequest(
            [EtcdCompare.Modified(_routing, seen.RoutingRevision)],
            [new EtcdRequestOp(new EtcdPutRequest(_routing, value, 0))],
            []), cancel);
        if (!answered.TryGet(out var answer, out var error))
            return error;
        if (answer.Succeeded)
        {
            Log.Restored(log, seen.Routing.Epoch);
            var revision = answer.Header.Revision;
            knowledge.Apply((cluster, _) => cluster.WithPut(new EtcdKeyValue(_routing, value, revision, revision)));
        }

        return null;
    }

    private void Hold(LeaseTerm term, long revision)
    {
        _office = new Office(term.Id, revision);
        knowledge.Apply((cluster, _) => cluster.WithPut(new EtcdKeyValue(_key, EtcdKeys.Bytes(self.Id), revision, revision, term.Id)));
    }

    // The watch is behind our own election until it has reached its revision.
    private bool IsSucceeded(Office office) =>
        knowledge.Cluster is var seen && seen.AuthorityRevision != office.Revision && seen.Revision >= office.Revision;

    private sealed record Office(long LeaseId, long Revision);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Member {Member} was elected authority at revision {Revision}")]
        public static partial void Elected(ILogger log, string member, long revision);

        [LoggerMessage(LogLevel.Warning, "Member {Member} took the authority over from {From} at revision {Revision}")]
        public static partial void TookOver(ILogger log, string member, string from, long revision);

        [LoggerMessage(LogLevel.Warning, "The routing table of epoch {Epoch} was missing in etcd and was put back")]
        public static partial void Restored(ILogger log, long epoch);
    }
}
