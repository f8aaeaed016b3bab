using Orleans;
using Orleans.Runtime;

namespace ProxyCluster.Silos;

/// <summary>
/// The membership table of whichever provider is configured, and a note of every answer and failure: Orleans goes on
/// without its table for as long as it must and tells nobody, but operators and the engine's status should know.
/// </summary>
internal sealed class WatchedTable(IMembershipTable table, Action<Exception?> note) : MembershipTable
{
    /// <inheritdoc/>
    public override Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken) =>
        NoteAsync(table.InitializeMembershipTableAsync(tryInitTableVersion, cancellationToken));

    /// <inheritdoc/>
    public override Task DeleteMembershipTableEntriesAsync(string clusterId, CancellationToken cancellationToken) =>
        NoteAsync(table.DeleteMembershipTableEntriesAsync(clusterId, cancellationToken));

    /// <inheritdoc/>
    public override Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate, CancellationToken cancellationToken) =>
        NoteAsync(table.CleanupDefunctSiloEntriesAsync(beforeDate, cancellationToken));

    /// <inheritdoc/>
    public override Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken) =>
        NoteAsync(table.ReadRowAsync(key, cancellationToken));

    /// <inheritdoc/>
    public override Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken) => NoteAsync(table.ReadAllAsync(cancellationToken));

    /// <inheritdoc/>
    public override Task<bool> InsertRowAsync(MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken) =>
        NoteAsync(table.InsertRowAsync(entry, tableVersion, cancellationToken));

    /// <inheritdoc/>
    public override Task<bool> UpdateRowAsync(
        MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken) =>
        NoteAsync(table.UpdateRowAsync(entry, etag, tableVersion, cancellationToken));

    /// <inheritdoc/>
    public override Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken) =>
        NoteAsync(table.UpdateIAmAliveAsync(entry, cancellationToken));

    private async Task NoteAsync(Task work)
    {
        try
        {
            await work;
            note(null);
        }
        catch (Exception e)
        {
            note(e);
            throw;
        }
    }

    private async Task<T> NoteAsync<T>(Task<T> work)
    {
        await NoteAsync((Task)work);
        return await work;
    }
}
