using System.Net;
using Orleans;
using Orleans.Runtime;

namespace ProxyCluster.Tests.Silos.Stores;

/// <summary>What Orleans 10.4 asks of a membership table. Where a provider does not keep it, its class says so.</summary>
public abstract class MembershipTableConformance(StoreServer server)
{
    private static readonly DateTime Now = new(2026, 11, 28, 12, 0, 0, DateTimeKind.Utc);

    private static int _silos;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected StoreServer Server => server;

    /// <summary>
    /// Whether a row's own tag is checked. Orleans asks for no more than the table's, which every change of a row moves.
    /// </summary>
    protected virtual bool ChecksRowTags => true;

    /// <summary>
    /// Whether cleaning up leaves silos alone that have not been declared dead, which is what Orleans documents.
    /// </summary>
    protected virtual bool CleansUpTheDeadOnly => true;

    /// <summary>
    /// Whether a vote counts as news of a silo, so that one that was declared dead a moment ago is kept, however long ago it
    /// spoke itself. Orleans documents it.
    /// </summary>
    protected virtual bool CleanupCountsVotes => true;

    [Fact]
    public async Task ReadAll_NewTable_HasAVersionAndNoRows()
    {
        var read = await (await TableAsync()).ReadAllAsync(Cancel);

        Assert.Empty(read.Members);
        Assert.Equal(0, read.Version.Version);
        Assert.NotNull(read.Version.VersionEtag);
    }

    [Fact]
    public async Task Insert_RightVersion_RowAndNextVersionAreThere()
    {
        var table = await TableAsync();
        var before = await table.ReadAllAsync(Cancel);
        var entry = Entry();
        entry.SuspectTimes = [Tuple.Create(NewSilo(), Now.AddSeconds(1)), Tuple.Create(NewSilo(), Now.AddSeconds(2))];

        Assert.True(await table.InsertRowAsync(entry, before.Version.Next(), Cancel));

        var after = await table.ReadAllAsync(Cancel);
        Assert.Equal(1, after.Version.Version);
        Assert.NotEqual(before.Version.VersionEtag, after.Version.VersionEtag);
        var (read, tag) = Assert.Single(after.Members);
        Assert.NotNull(tag);
        Assert.Equal(Shown(entry), Shown(read));
    }

    [Fact]
    public async Task Insert_StaleVersion_ChangesNothing()
    {
        var table = await TableAsync();
        var stale = (await table.ReadAllAsync(Cancel)).Version.Next();
        Assert.True(await table.InsertRowAsync(Entry(), stale, Cancel));
        var before = await table.ReadAllAsync(Cancel);

        Assert.False(await table.InsertRowAsync(Entry(), stale, Cancel));

        AssertSame(before, await table.ReadAllAsync(Cancel));
    }

    [Fact]
    public async Task Insert_SiloHasARow_ChangesNothing()
    {
        var table = await TableAsync();
        var entry = Entry();
        var before = await InsertAsync(table, entry);

        Assert.False(await table.InsertRowAsync(Changed(entry), before.Version.Next(), Cancel));

        AssertSame(before, await table.ReadAllAsync(Cancel));
    }

    [Fact]
    public async Task Update_RightTags_RowAndVersionChange()
    {
        var table = await TableAsync();
        var entry = Entry();
        var before = await InsertAsync(table, Entry(), entry);
        var changed = Changed(entry);

        Assert.True(await table.UpdateRowAsync(changed, TagOf(before, entry), before.Version.Next(), Cancel));

        var after = await table.ReadAllAsync(Cancel);
        Assert.Equal(before.Version.Version + 1, after.Version.Version);
        Assert.NotEqual(before.Version.VersionEtag, after.Version.VersionEtag);
        Assert.Equal(2, after.Members.Count);
        Assert.Equal(Shown(changed), Shown(after.TryGet(entry.SiloAddress)!.Item1));
    }

    [Fact]
    public async Task Update_StaleVersion_ChangesNothing()
    {
        var table = await TableAsync();
        var entry = Entry();
        var stale = await InsertAsync(table, entry);
        var before = await InsertAsync(table, Entry());

        Assert.False(await table.UpdateRowAsync(Changed(entry), TagOf(before, entry), stale.Version.Next(), Cancel));

        AssertSame(before, await table.ReadAllAsync(Cancel));
    }

    [Fact]
    public async Task Update_StaleRowTag_ChangesNothing()
    {
        var table = await TableAsync();
        var entry = Entry();
        var stale = await InsertAsync(table, entry);
        Assert.True(await table.UpdateRowAsync(Changed(entry), TagOf(stale, entry), stale.Version.Next(), Cancel));
        var before = await table.ReadAllAsync(Cancel);

        var isUpdated = await table.UpdateRowAsync(entry, TagOf(stale, entry), before.Version.Next(), Cancel);

        Assert.Equal(!ChecksRowTags, isUpdated);
        if (ChecksRowTags)
            AssertSame(before, await table.ReadAllAsync(Cancel));
    }

    [Fact]
    public async Task Update_SiloHasNoRow_ChangesNothing()
    {
        var table = await TableAsync();
        var other = Entry();
        var before = await InsertAsync(table, other);

        Assert.False(await table.UpdateRowAsync(Entry(), TagOf(before, other), before.Version.Next(), Cancel));

        AssertSame(before, await table.ReadAllAsync(Cancel));
    }

    [Fact]
    public async Task Insert_RacingPairs_OneOfEachWinsAndVersionCountsThem()
    {
        var cluster = server.NewName();
        var service = server.NewName();
        IMembershipTable[] tables = [await server.TableAsync(service, cluster), await TableAsync(service, cluster)];
        for (var round = 1; round <= 10; round++)
        {
            var next = (await tables[0].ReadAllAsync(Cancel)).Version.Next();

            var won = await Task.WhenAll(tables.Select(table => table.InsertRowAsync(Entry(), next, Cancel)));

            Assert.Single(won, static one => one);
            var after = await tables[1].ReadAllAsync(Cancel);
            Assert.Equal((round, round), (after.Members.Count, after.Version.Version));
        }
    }

    [Fact]
    public async Task Update_RacingPairsOnTwoRows_OneOfEachWinsAndTheOtherRowStays()
    {
        var table = await TableAsync();
        MembershipEntry[] entries = [Entry(), Entry()];
        await InsertAsync(table, entries);
        for (var round = 0; round < 10; round++)
        {
            var before = await table.ReadAllAsync(Cancel);
            var hosts = $"round-{round}";

            var won = await Task.WhenAll(entries.Select(entry =>
                table.UpdateRowAsync(Entry(entry.SiloAddress, hosts), TagOf(before, entry), before.Version.Next(), Cancel)));

            Assert.Single(won, static one => one);
            var after = await table.ReadAllAsync(Cancel);
            Assert.Equal(before.Version.Version + 1, after.Version.Version);
            foreach (var (entry, hasWon) in entries.Zip(won))
                Assert.Equal(hasWon, after.TryGet(entry.SiloAddress)!.Item1.HostName == hosts);
        }
    }

    [Fact]
    public async Task Heartbeat_ChangesItsTimeAlone()
    {
        var table = await TableAsync();
        var entry = Entry();
        entry.SuspectTimes = [Tuple.Create(NewSilo(), Now.AddSeconds(1))];
        var other = Entry();
        var before = await InsertAsync(table, entry, other);

        await table.UpdateIAmAliveAsync(Heartbeat(entry, Now.AddMinutes(7)), Cancel);

        var after = await table.ReadAllAsync(Cancel);
        Assert.Equal(before.Version, after.Version);
        entry.IAmAliveTime = Now.AddMinutes(7);
        Assert.Equal(Shown(entry), Shown(after.TryGet(entry.SiloAddress)!.Item1));
        Assert.Equal(Shown(other), Shown(after.TryGet(other.SiloAddress)!.Item1));
    }

    [Fact]
    public async Task Heartbeat_AfterARead_LeavesTheTagsThatWereReadGood()
    {
        var table = await TableAsync();
        var entry = Entry();
        var read = await InsertAsync(table, entry);
        for (var beat = 1; beat <= 3; beat++)
            await table.UpdateIAmAliveAsync(Heartbeat(entry, Now.AddMinutes(beat)), Cancel);

        Assert.True(await table.UpdateRowAsync(Changed(entry), TagOf(read, entry), read.Version.Next(), Cancel));
        Assert.Equal(SiloStatus.Dead, (await table.ReadAllAsync(Cancel)).Members[0].Item1.Status);
    }

    [Fact]
    public async Task ReadRow_AgreesWithReadAll()
    {
        var table = await TableAsync();
        MembershipEntry[] entries = [Entry(), Entry()];
        await InsertAsync(table, entries);
        await table.UpdateIAmAliveAsync(Heartbeat(entries[1], Now.AddMinutes(1)), Cancel);
        var all = await table.ReadAllAsync(Cancel);

        foreach (var entry in entries)
        {
            var row = await table.ReadRowAsync(entry.SiloAddress, Cancel);
            Assert.Equal(all.Version, row.Version);
            var (read, tag) = Assert.Single(row.Members);
            Assert.Equal(TagOf(all, entry), tag);
            Assert.Equal(Shown(all.TryGet(entry.SiloAddress)!.Item1), Shown(read));
        }
    }

    [Fact]
    public async Task ReadRow_SiloHasNone_VersionAlone()
    {
        var table = await TableAsync();
        var all = await InsertAsync(table, Entry());

        var row = await table.ReadRowAsync(NewSilo(), Cancel);

        Assert.Empty(row.Members);
        Assert.Equal(all.Version, row.Version);
    }

    [Fact]
    public async Task Cleanup_RemovesTheDeadOfBeforeAndLeavesTheOthersTagsGood()
    {
        var table = await TableAsync();
        var old = Now.AddDays(-2);
        var dead = Entry(status: SiloStatus.Dead, time: old);
        var deadButSpoke = Entry(status: SiloStatus.Dead, time: old);
        var active = Entry(time: old);
        var late = Entry(status: SiloStatus.Dead);
        var read = await InsertAsync(table, dead, deadButSpoke, active, late);
        await table.UpdateIAmAliveAsync(Heartbeat(deadButSpoke, Now), Cancel);
        var alsoRead = await table.ReadRowAsync(active.SiloAddress, Cancel);

        await table.CleanupDefunctSiloEntriesAsync(Now.AddDays(-1), Cancel);

        var after = await table.ReadAllAsync(Cancel);
        Assert.Equal(Addresses(deadButSpoke, active, late), Addresses([.. after.Members.Select(static row => row.Item1)]));
        Assert.Equal(read.Version.Version, after.Version.Version);
        Assert.True(await table.UpdateRowAsync(Changed(active), alsoRead.Members[0].Item2, alsoRead.Version.Next(), Cancel));
    }

    [Fact]
    public async Task Cleanup_OldRowOfASiloThatJoins_Stays()
    {
        var table = await TableAsync();
        await InsertAsync(table, Entry(status: SiloStatus.Joining, time: Now.AddDays(-2)));

        await table.CleanupDefunctSiloEntriesAsync(Now.AddDays(-1), Cancel);

        Assert.Equal(CleansUpTheDeadOnly ? 1 : 0, (await table.ReadAllAsync(Cancel)).Members.Count);
    }

    [Fact]
    public async Task Cleanup_DeclaredDeadAMomentAgo_Stays()
    {
        var table = await TableAsync();
        var entry = Entry(status: SiloStatus.Dead, time: Now.AddDays(-2));
        entry.SuspectTimes = [Tuple.Create(NewSilo(), Now)];
        await InsertAsync(table, entry);

        await table.CleanupDefunctSiloEntriesAsync(Now.AddDays(-1), Cancel);

        Assert.Equal(CleanupCountsVotes ? 1 : 0, (await table.ReadAllAsync(Cancel)).Members.Count);
    }

    [Fact]
    public async Task Delete_OneClustersEntries_OthersStay()
    {
        var service = server.NewName();
        var (one, two) = (server.NewName(), server.NewName());
        var (first, second) = (await TableAsync(service, one), await TableAsync(service, two));
        await InsertAsync(first, Entry(), Entry());
        var kept = await InsertAsync(second, Entry());

        await first.DeleteMembershipTableEntriesAsync(one, Cancel);

        AssertSame(kept, await second.ReadAllAsync(Cancel));
        var again = await TableAsync(service, one);
        Assert.Empty((await again.ReadAllAsync(Cancel)).Members);
        await InsertAsync(again, Entry());
    }

    [Fact]
    public async Task Call_TokenIsCancelled_EndsWithIt()
    {
        var table = await TableAsync();
        var entry = Entry();
        var read = await InsertAsync(table, entry);
        var isFrozen = server.TryFreeze();
        try
        {
            foreach (var call in Calls(table, entry, read))
            {
                // A store that stands still keeps a call waiting until it is cancelled; one without a server never does.
                using var cancel = new CancellationTokenSource();
                if (!isFrozen)
                    await cancel.CancelAsync();
                var ending = Task.Run(() => call(cancel.Token), Cancel);
                await cancel.CancelAsync();
                var e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ending.WaitAsync(TimeSpan.FromSeconds(30), Cancel));
                Assert.Equal(cancel.Token, e.CancellationToken);
            }
        }
        finally
        {
            server.Resume();
        }
    }

    protected Task<IMembershipTable> TableAsync() => TableAsync(server.NewName(), server.NewName());

    protected Task<IMembershipTable> TableAsync(string service, string cluster) => server.TableAsync(service, cluster);

    /// <summary>Inserts rows, one version after the other, and reads the table.</summary>
    protected static async Task<MembershipTableData> InsertAsync(IMembershipTable table, params MembershipEntry[] entries)
    {
        foreach (var entry in entries)
            Assert.True(await table.InsertRowAsync(entry, (await table.ReadAllAsync(Cancel)).Version.Next(), Cancel));
        return await table.ReadAllAsync(Cancel);
    }

    protected static SiloAddress NewSilo()
    {
        var number = Interlocked.Increment(ref _silos);
        return SiloAddress.New(new IPEndPoint(new IPAddress([10, 0, (byte)(number >> 8), (byte)number]), 11111), 4711 + number);
    }

    protected static MembershipEntry Entry(
        SiloAddress? silo = null, string host = "a-host", SiloStatus status = SiloStatus.Active, DateTime? time = null) => new()
        {
            SiloAddress = silo ?? NewSilo(),
            HostName = host,
            SiloName = "tokyo|a \"silo\"|http://10.0.0.1:8080/",
            Status = status,
            ProxyPort = 30000,
            RoleName = "a role",
            UpdateZone = 3,
            FaultZone = 4,
            StartTime = (time ?? Now).AddMinutes(-1),
            IAmAliveTime = time ?? Now,
        };

    /// <summary>The same silo, dead by two votes.</summary>
    protected static MembershipEntry Changed(MembershipEntry entry)
    {
        var changed = Entry(entry.SiloAddress, "another-host", SiloStatus.Dead, entry.IAmAliveTime.AddSeconds(1));
        changed.SuspectTimes = [Tuple.Create(NewSilo(), Now.AddMinutes(1)), Tuple.Create(NewSilo(), Now.AddMinutes(2))];
        changed.StartTime = entry.StartTime;
        return changed;
    }

    /// <summary>As Orleans sends it: address and time, and nothing else.</summary>
    protected static MembershipEntry Heartbeat(MembershipEntry entry, DateTime time) =>
        new() { SiloAddress = entry.SiloAddress, IAmAliveTime = time };

    protected static string TagOf(MembershipTableData table, MembershipEntry entry) => table.TryGet(entry.SiloAddress)!.Item2;

    private static IEnumerable<Func<CancellationToken, Task>> Calls(IMembershipTable table, MembershipEntry entry, MembershipTableData read) =>
    [
        table.ReadAllAsync,
        cancel => table.ReadRowAsync(entry.SiloAddress, cancel),
        cancel => table.InsertRowAsync(Entry(), read.Version.Next(), cancel),
        cancel => table.UpdateRowAsync(entry, TagOf(read, entry), read.Version.Next(), cancel),
        cancel => table.UpdateIAmAliveAsync(entry, cancel),
        cancel => table.CleanupDefunctSiloEntriesAsync(Now.AddDays(-1), cancel),
    ];

    private static void AssertSame(MembershipTableData expected, MembershipTableData actual)
    {
        Assert.Equal(expected.Version, actual.Version);
        Assert.Equal(
            expected.Members.Select(static row => (Shown(row.Item1), row.Item2)).Order(),
            actual.Members.Select(static row => (Shown(row.Item1), row.Item2)).Order());
    }

    private static SiloAddress[] Addresses(params MembershipEntry[] entries) => [.. entries.Select(static entry => entry.SiloAddress).Order()];

    // ToFullString leaves out the milliseconds, and the votes' times of Azure have none.
    private static string Shown(MembershipEntry entry) => entry.ToFullString();
}
