using System.Globalization;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;

namespace ProxyCluster.Etcd;

/// <summary>
/// Orleans' membership table on etcd. With a member of etcd in each of three regions it goes on when any one region is lost
/// or cut off, and the silos that are left learn from each other's votes that those over there are dead.
/// <para>
/// <b>Keys</b>, see <see cref="EtcdKeys"/>: one for the table's version, and two per silo, its row and its last heartbeat.
/// Entity tags are revisions at which etcd last changed a key (<c>mod_revision</c>). A heartbeat has a key of its own, so it
/// makes no tag stale, and a vote that another silo writes into the row does not put an older heartbeat back.
/// </para>
/// <para>
/// <b>Promises.</b> Inserting and updating is one transaction, with conditions on version and row. Reading, one row or all,
/// is one question whose answer is of one moment, after all that was acknowledged before it was asked. A refused transaction
/// whose own first attempt had succeeded (its answer was lost with an endpoint) is told from one that lost to another silo by
/// the token that each attempt leaves in the version. Without a quorum, or without an answer from any endpoint in time, calls
/// throw and may still have taken effect; Orleans reads again. Nothing is kept in memory, nothing runs in the background.
/// </para>
/// <para>
/// <b>Costs.</b> One call to the nearest endpoint each, and one round between etcd's members behind it; a table of a hundred
/// silos is about 40 KB to read. Cleaning up is one read and one transaction per entry removed. Nothing has a lease: Orleans
/// itself decides who is dead. etcd keeps the history of all keys until it is compacted: run it with
/// <c>--auto-compaction-retention</c>.
/// </para>
/// For silos; there is no list of gateways for clients outside.
/// </summary>
internal sealed class EtcdMembershipTable : IMembershipTable, IDisposable
{
    private readonly EtcdClient _etcd;
    private readonly EtcdOptions _options;
    private readonly string _service;
    private readonly string _table;

    /// <param name="options">How etcd is reached.</param>
    /// <param name="cluster">Whose table it is.</param>
    /// <param name="time">Measures the limits of calls.</param>
    public EtcdMembershipTable(IOptions<EtcdOptions> options, IOptions<ClusterOptions> cluster, TimeProvider time)
        : this(options, cluster, new EtcdClient(options.Value, time, EtcdTransport.Create(options.Value)))
    {
    }

    internal EtcdMembershipTable(IOptions<EtcdOptions> options, IOptions<ClusterOptions> cluster, EtcdClient etcd)
    {
        _options = options.Value;
        _service = cluster.Value.ServiceId;
        _table = EtcdKeys.Table(_options, _service, cluster.Value.ClusterId);
        _etcd = etcd;
    }

    /// <summary>Reads, so that a silo that cannot reach etcd, or may not use it, says so at its start. There is nothing to make.</summary>
    public Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken) =>
        ReadAllAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task DeleteMembershipTableEntriesAsync(string clusterId, CancellationToken cancellationToken)
    {
        var table = EtcdKeys.Table(_options, _service, clusterId);
        (await _etcd.DeleteAsync(new EtcdDeleteRequest(EtcdKeys.Bytes(table), EtcdKeys.EndOf(table)), cancellationToken)).OrThrow();
    }

    /// <inheritdoc/>
    public async Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken)
    {
        var range = new EtcdRangeRequest(EtcdKeys.Bytes(_table), EtcdKeys.EndOf(_table));
        var keys = (await _etcd.RangeAsync(range, cancellationToken)).OrThrow().KeyValues.ToDictionary(static one => EtcdKeys.Text(one.Key));
        var silos = _table + "silo/";
        var rows = keys
            .Where(one => one.Key.StartsWith(silos, StringComparison.Ordinal))
            .Select(one => Row(one.Value, keys.GetValueOrDefault($"{_table}alive/{one.Key[silos.Length..]}")))
            .ToList();
        return new MembershipTableData(rows, VersionOf(keys.GetValueOrDefault(EtcdKeys.Version(_table))));
    }

    /// <inheritdoc/>
    public async Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken)
    {
        // Without a condition: three reads at one moment.
        var read = new EtcdTxnRequest(
            [],
            [EtcdRequestOp.Read(VersionKey), EtcdRequestOp.Read(RowKey(key)), EtcdRequestOp.Read(AliveKey(key))],
            []);
        var answer = (await _etcd.TxnAsync(read, cancellationToken)).OrThrow();
        var version = VersionOf(answer.ReadOrNull(0));
        return answer.ReadOrNull(1) is { } row
            ? new MembershipTableData(Row(row, answer.ReadOrNull(2)), version)
            : new MembershipTableData(version);
    }

    /// <inheritdoc/>
    public Task<bool> InsertRowAsync(MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken) =>
        TryWriteAsync(entry, 0, tableVersion, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> UpdateRowAsync(MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken) =>
        // Revision 0 is that of a row which does not exist, and such a row is not updated.
        EtcdTag.TryParse(etag, out var revision) && revision > 0
            ? TryWriteAsync(entry, revision, tableVersion, cancellationToken)
            : Task.FromResult(false);

    /// <inheritdoc/>
    public async Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken)
    {
        // The condition is for a heartbeat that arrives after its silo's row was cleaned up, and would stay for ever.
        var write = new EtcdTxnRequest(
            [EtcdCompare.Exists(RowKey(entry.SiloAddress))],
            [EtcdRequestOp.Put(AliveKey(entry.SiloAddress), SiloRow.WriteAlive(entry))],
            []);
        if (!(await _etcd.TxnAsync(write, cancellationToken)).OrThrow().Succeeded)
            throw new OrleansException($"the membership table has no row for {entry.SiloAddress}, which says that it is alive");
    }

    /// <inheritdoc/>
    public async Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate, CancellationToken cancellationToken)
    {
        foreach (var (entry, etag) in (await ReadAllAsync(cancellationToken)).Members)
        {
            if (entry.Status != SiloStatus.Dead || LastUpdateOf(entry) >= beforeDate.UtcDateTime || !EtcdTag.TryParse(etag, out var revision))
                continue;

            // Refused when somebody changed the row meanwhile; then it is not as old as it was, and another time will do.
            var delete = new EtcdTxnRequest(
                [EtcdCompare.Modified(RowKey(entry.SiloAddress), revision)],
                [EtcdRequestOp.Delete(RowKey(entry.SiloAddress)), EtcdRequestOp.Delete(AliveKey(entry.SiloAddress))],
                []);
            (await _etcd.TxnAsync(delete, cancellationToken)).OrThrow();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _etcd.Dispose();

    // Orleans 10.4 calls those above; these are what it still makes an implementation have.
    Task IMembershipTable.InitializeMembershipTable(bool tryInitTableVersion) => InitializeMembershipTableAsync(tryInitTableVersion, CancellationToken.None);

    Task IMembershipTable.DeleteMembershipTableEntries(string clusterId) => DeleteMembershipTableEntriesAsync(clusterId, CancellationToken.None);

    Task IMembershipTable.CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => CleanupDefunctSiloEntriesAsync(beforeDate, CancellationToken.None);

    Task<MembershipTableData> IMembershipTable.ReadRow(SiloAddress key) => ReadRowAsync(key, CancellationToken.None);

    Task<MembershipTableData> IMembershipTable.ReadAll() => ReadAllAsync(CancellationToken.None);

    Task<bool> IMembershipTable.InsertRow(MembershipEntry entry, TableVersion tableVersion) => InsertRowAsync(entry, tableVersion, CancellationToken.None);

    Task<bool> IMembershipTable.UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => UpdateRowAsync(entry, etag, tableVersion, CancellationToken.None);

    Task IMembershipTable.UpdateIAmAlive(MembershipEntry entry) => UpdateIAmAliveAsync(entry, CancellationToken.None);

    private byte[] VersionKey => EtcdKeys.Bytes(EtcdKeys.Version(_table));

    private byte[] RowKey(SiloAddress silo) => EtcdKeys.Bytes(EtcdKeys.Silo(_table, silo));

    private byte[] AliveKey(SiloAddress silo) => EtcdKeys.Bytes(EtcdKeys.Alive(_table, silo));

    private async Task<bool> TryWriteAsync(MembershipEntry entry, long revision, TableVersion next, CancellationToken cancel)
    {
        if (!EtcdTag.TryParse(next.VersionEtag, out var versionRevision))
            return false;
        var version = EtcdKeys.Bytes(string.Create(CultureInfo.InvariantCulture, $"{next.Version} {Guid.NewGuid():N}"));
        var write = new EtcdTxnRequest(
            [EtcdCompare.Modified(VersionKey, versionRevision), EtcdCompare.Modified(RowKey(entry.SiloAddress), revision)],
            [EtcdRequestOp.Put(VersionKey, version), EtcdRequestOp.Put(RowKey(entry.SiloAddress), SiloRow.Write(entry))],
            [EtcdRequestOp.Read(VersionKey)]);
        var answer = (await _etcd.TxnAsync(write, cancel)).OrThrow();

        // Ours although refused: the client asked a second endpoint because the first one's yes was lost.
        return answer.Succeeded || (answer.ReadOrNull(0)?.Value is { } stored && stored.AsSpan().SequenceEqual(version));
    }

    private static Tuple<MembershipEntry, string> Row(EtcdKeyValue row, EtcdKeyValue? alive) =>
        Tuple.Create(SiloRow.Read(row.Value ?? [], alive?.Value), EtcdTag.Write(row.ModRevision));

    /// <summary>The version, "number token"; a table without one is new.</summary>
    private static TableVersion VersionOf(EtcdKeyValue? version) => version is null
        ? new TableVersion(0, EtcdTag.Write(0))
        : new TableVersion(
            int.Parse(EtcdKeys.Text(version.Value ?? []).Split(' ')[0], CultureInfo.InvariantCulture), EtcdTag.Write(version.ModRevision));

    /// <summary>When a silo last said something or was last voted against, which is how it comes to be dead.</summary>
    private static DateTime LastUpdateOf(MembershipEntry entry) =>
        (entry.SuspectTimes ?? []).Select(static vote => vote.Item2).Append(entry.StartTime).Append(entry.IAmAliveTime).Max();
}
