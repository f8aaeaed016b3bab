using System.Collections.Immutable;
using ProxyCluster.Routing;

namespace ProxyCluster.Clustering.Etcd;

/// <summary>
/// What is known of the cluster from etcd's keys: an immutable snapshot with pure steps from one to the next. Every step
/// compares revisions, so that a listing, a watch and our own writes may tell the same change in any order.
/// <para>
/// Two things outlive their keys. A member whose lease ran out while etcd was away is held (<see cref="FollowedMember"/>)
/// until <see cref="Settle"/>. A routing table is never replaced by one of an older epoch, not even when etcd lost its
/// data and somebody began to count again.
/// </para>
/// </summary>
internal sealed record FollowedCluster(EtcdKeys Keys)
{
    /// <summary>Everything up to this revision is in here.</summary>
    public long Revision { get; init; }

    /// <summary>Which etcd cluster this is from; 0 before the first listing.</summary>
    public ulong ClusterId { get; init; }

    /// <summary>Every key that exists, also unreadable ones, with the revision of its last change.</summary>
    public ImmutableDictionary<string, long> Present { get; init; } = ImmutableDictionary.Create<string, long>(StringComparer.Ordinal);

    /// <summary>Members by id.</summary>
    public ImmutableDictionary<string, FollowedMember> Members { get; init; } =
        ImmutableDictionary.Create<string, FollowedMember>(StringComparer.Ordinal);

    /// <summary>The table with the highest epoch seen.</summary>
    public RoutingTable Routing { get; init; } = RoutingTable.Empty;

    /// <summary>Epoch of the table that stands in etcd: 0 when there is none, null when it cannot be read.</summary>
    public long? StoredEpoch { get; init; } = 0;

    /// <summary>Who holds the authority; null when nobody does.</summary>
    public string? AuthorityId { get; init; }

    /// <summary>Revision at which the authority's key was created; 0 when nobody holds it.</summary>
    public long AuthorityRevision { get; init; }

    /// <summary>Revision of the routing table in etcd, 0 when there is none.</summary>
    public long RoutingRevision => Present.GetValueOrDefault(Keys.Routing);

    /// <summary>Whether etcd holds the member's key, as far as is known.</summary>
    public bool IsListed(string id) => Members.TryGetValue(id, out var member) && member.IsListed;

    /// <summary>
    /// Whether an answer is from an etcd that lost its data or was replaced: revisions begin again, so nothing known can
    /// be compared with it.
    /// </summary>
    public bool IsOtherHistory(EtcdHeader header) =>
        ClusterId != 0 && (header.ClusterId != ClusterId || header.Revision < Revision);

    /// <summary>Whether a probe (number of keys, newest of them) shows something that is not in here.</summary>
    public bool HasMissed(long count, long newest) =>
        count != Present.Count || newest != (Present.Count == 0 ? 0 : Present.Values.Max());

    /// <summary>Takes over a listing of all keys.</summary>
    public FollowedCluster WithListing(EtcdRangeResponse listing, bool isSettled)
    {
        var next = IsOtherHistory(listing.Header)
            ? this with { Present = Present.Clear(), Members = Members.SetItems(Held()), StoredEpoch = 0, AuthorityId = null, AuthorityRevision = 0 }
            : this;
        var listed = listing.KeyValues.Select(static kv => EtcdKeys.Text(kv.Key)).ToHashSet(StringComparer.Ordinal);
        foreach (var key in next.Present.Keys.Where(key => !listed.Contains(key)).ToList())
            next = next.WithDelete(key, listing.Header.Revision, isSettled);
        foreach (var kv in listing.KeyValues)
            next = next.WithPut(kv);
        return next with { Revision = listing.Header.Revision, ClusterId = listing.Header.ClusterId };
    }

    /// <summary>Takes over changes that a watch told.</summary>
    public FollowedCluster WithEvents(IEnumerable<EtcdEvent> events, long revision, bool isSettled)
    {
        var next = this;
        foreach (var change in events)
        {
            next = change.IsDelete
                ? next.WithDelete(EtcdKeys.Text(change.Kv.Key), change.Kv.ModRevision, isSettled)
                : next.WithPut(change.Kv);
        }

        return next with { Revision = Math.Max(Revision, revision) };
    }

    /// <summary>Takes over one key.</summary>
    public FollowedCluster WithPut(EtcdKeyValue kv)
    {
        var key = EtcdKeys.Text(kv.Key);
        if (Present.TryGetValue(key, out var known) && known >= kv.ModRevision)
            return this;
        var next = this with { Present = Present.SetItem(key, kv.ModRevision) };
        if (key == Keys.Authority)
            return next with { AuthorityId = EtcdKeys.Text(kv.Value ?? []), AuthorityRevision = kv.ModRevision };
        if (key == Keys.Routing)
        {
            var table = EtcdValues.RoutingOrNull(kv.Value);
            return next with { StoredEpoch = table?.Epoch, Routing = table is not null && table.Epoch > Routing.Epoch ? table : Routing };
        }

        if (!Keys.TryParseMember(key, out var id) || EtcdValues.MemberOrNull(kv.Value) is not { } value || value.Member.Id != id)
            return next;
        if (value.IsLeaving)
            return next with { Members = Members.Remove(id) };
        // Two processes cannot listen on one address: a held member there has been restarted under a new id.
        var replaced = Members.Values.Where(held => !held.IsListed && held.Member.Address == value.Member.Address).Select(static held => held.Member.Id);
        return next with { Members = Members.RemoveRange(replaced).SetItem(id, new FollowedMember(value.Member, true)) };
    }

    /// <summary>Forgets whoever has not come back.</summary>
    public FollowedCluster Settle()
    {
        var gone = Members.Values.Where(static member => !member.IsListed).Select(static member => member.Member.Id).ToList();
        return gone.Count == 0 ? this : this with { Members = Members.RemoveRange(gone) };
    }

    /// <summary>The view that follows from it, with ourselves in it in any case.</summary>
    public ClusterView ToView(Member self)
    {
        var members = Members.Values.Select(static member => member.Member).Where(member => member.Id != self.Id).Append(self);
        return new ClusterView([.. members.OrderBy(static member => member.Id, StringComparer.Ordinal)], Routing) { AuthorityId = AuthorityId };
    }

    private FollowedCluster WithDelete(string key, long revision, bool isSettled)
    {
        if (!Present.TryGetValue(key, out var known) || known > revision)
            return this;
        var next = this with { Present = Present.Remove(key) };
        if (key == Keys.Authority)
            return next with { AuthorityId = null, AuthorityRevision = 0 };
        if (key == Keys.Routing)
            return next with { StoredEpoch = 0 };
        if (!Keys.TryParseMember(key, out var id) || !Members.TryGetValue(id, out var member))
            return next;
        return next with { Members = isSettled ? Members.Remove(id) : Members.SetItem(id, member with { IsListed = false }) };
    }

    private IEnumerable<KeyValuePair<string, FollowedMember>> Held() =>
        Members.Select(static entry => KeyValuePair.Create(entry.Key, entry.Value with { IsListed = false }));
}

/// <summary>A member, and whether its key exists; if not, it is held until etcd has been well for a while.</summary>
internal sealed record FollowedMember(Member Member, bool IsListed);
