
namespace ProxyCluster.Orleans.Engine;

/// <summary>
/// The membership table of whichever provider is configured, and a note of every answer and failure: Orleans goes on
/// without its table for as long as it must and tells nobody, but operators and the engine's status should know.
/// </summary>
internal sealed class WatchedTable(IMembershipTable table, Action<Exception?> note) : IMembershipTable
{
    /// <inheritdoc/>
    public Task InitializeMembershipTable(bool tryInitTableVersion) => NoteAsync(table.InitializeMembershipTable(tryInitTableVersion));

    /// <inheritdoc/>
    public Task DeleteMembershipTableEntries(string clusterId) => NoteAsync(table.DeleteMembershipTableEntries(clusterId));

    /// <inheritdoc/>
    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => NoteAsync(table.CleanupDefunctSiloEntries(beforeDate));

    /// <inheritdoc/>
    public Task<MembershipTableData> ReadRow(SiloAddress key) => NoteAsync(table.ReadRow(key));

    /// <inheritdoc/>
    public Task<MembershipTableData> ReadAll() => NoteAsync(table.ReadAll());

    /// <inheritdoc/>
    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => NoteAsync(table.InsertRow(entry, tableVersion));

    /// <inheritdoc/>
    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) =>
        NoteAsync(table.UpdateRow(entry, etag, tableVersion));

    /// <inheritdoc/>
    public Task UpdateIAmAlive(MembershipEntry entry) => NoteAsync(table.UpdateIAmAlive(entry));

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
