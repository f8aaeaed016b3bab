using Orleans.Runtime;

namespace ProxyCluster.Tests.Silos.Stores;

/// <summary>The suite on one etcd, and what our table promises on top of it.</summary>
[Collection(nameof(EtcdStore))]
public sealed class EtcdMembershipTableTests(EtcdStore etcd) : MembershipTableConformance(etcd)
{
    [Fact]
    public async Task Update_VoteByOneWhoReadBeforeTheHeartbeat_HeartbeatStays()
    {
        var table = await TableAsync();
        var entry = Entry();
        var read = await InsertAsync(table, entry);
        var later = entry.IAmAliveTime.AddMinutes(5);
        await table.UpdateIAmAliveAsync(Heartbeat(entry, later), Cancel);

        var voted = read.Members[0].Item1;
        voted.SuspectTimes = [Tuple.Create(NewSilo(), later)];
        Assert.True(await table.UpdateRowAsync(voted, TagOf(read, entry), read.Version.Next(), Cancel));

        var (after, _) = Assert.Single((await table.ReadAllAsync(Cancel)).Members);
        Assert.Equal(later, after.IAmAliveTime);
        Assert.Single(after.SuspectTimes!);
    }

    [Fact]
    public async Task Heartbeat_SiloHasNoRow_ThrowsAndLeavesNothing()
    {
        var (service, cluster) = (Server.NewName(), Server.NewName());
        var table = await TableAsync(service, cluster);
        var gone = Entry(status: SiloStatus.Dead);
        await InsertAsync(table, gone);
        await table.CleanupDefunctSiloEntriesAsync(DateTimeOffset.MaxValue, Cancel);

        await Assert.ThrowsAsync<OrleansException>(() => table.UpdateIAmAliveAsync(gone, Cancel));

        // A heartbeat that stayed would be that of the silo's next row.
        var again = Entry(gone.SiloAddress, time: gone.IAmAliveTime.AddDays(-1));
        await InsertAsync(table, again);
        Assert.Equal(again.IAmAliveTime, (await table.ReadAllAsync(Cancel)).Members[0].Item1.IAmAliveTime);
    }

    [Fact]
    public async Task Tables_NamesThatWouldMeet_AreApart()
    {
        (string Service, string Cluster)[] names =
            [("a/b", "c"), ("a", "b/c"), ("a%2Fb", "c"), ("a", "b"), ("ü", ""), ("", "ü"), ("a", "b/silo"), ("a ", "b")];
        var own = Server.NewName();
        foreach (var (service, cluster) in names)
            await InsertAsync(await TableAsync(own + service, cluster), Entry(host: service + '|' + cluster));

        foreach (var (service, cluster) in names)
        {
            var (entry, _) = Assert.Single((await (await TableAsync(own + service, cluster)).ReadAllAsync(Cancel)).Members);
            Assert.Equal(service + '|' + cluster, entry.HostName);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("no tag of ours")]
    [InlineData("0")]
    [InlineData("-1")]
    public async Task Update_TagThatEtcdNeverGave_ChangesNothing(string tag)
    {
        var table = await TableAsync();
        var entry = Entry();
        var before = await InsertAsync(table, entry);

        Assert.False(await table.UpdateRowAsync(Changed(entry), tag, before.Version.Next(), Cancel));
        Assert.False(await table.UpdateRowAsync(Entry(), tag, before.Version.Next(), Cancel));

        Assert.Equal(before.Version, (await table.ReadAllAsync(Cancel)).Version);
    }

    [Fact]
    public async Task Call_EtcdIsAway_SaysSo()
    {
        var table = await TableAsync();
        Assert.True(Server.TryFreeze());
        try
        {
            var e = await Assert.ThrowsAsync<OrleansException>(() => table.ReadAllAsync(Cancel));
            Assert.Contains("did not answer within ", e.Message, StringComparison.Ordinal);
        }
        finally
        {
            Server.Resume();
        }
    }
}
