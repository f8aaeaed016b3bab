using System.IO.Compression;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Failover;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Routing;
using ProxyCluster.Storage;
using ProxyCluster.Storage.Blobs;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Storage;
using ProxyCluster.Tests.Storage.Blobs;

namespace ProxyCluster.Tests.Failover;

/// <summary>Indexes of what a region holds, in its shared store.</summary>
[Trait("Needs", "azurite")]
[Collection(AzuriteCollection.Name)]
public sealed class RegionSnapshotsTests(AzuriteFixture fixture)
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WriteIndex_Store_IsOneObjectWithAllThatThereIs()
    {
        await using var site = await BlobSite.OpenAsync(fixture.Azurite);
        var store = (BlobStore)site.Store;
        foreach (var (path, version) in new[] { ("example.com/Big", "v1.0.0-RC1"), ("example.com/a", "v1.0.0"), ("example.com/a", "v1.1.0"), ("example.com/b", "v2.0.0+incompatible") })
            await site.CommitAsync(StoreSite.Module(path, version), ArtifactKind.Mod, [1]);

        Assert.True(await store.WriteIndexAsync("tokyo", Noon, "head", 3, Cancel));
        Assert.False(await store.WriteIndexAsync("tokyo", Noon, "another silo's", 3, Cancel));

        Assert.Equal(
            ["# head", "example.com/Big v1.0.0-RC1", "example.com/a v1.0.0", "example.com/a v1.1.0", "example.com/b v2.0.0+incompatible"],
            await ReadAsync(site, "team/a/index/tokyo/20260102T120000Z.gz"));
    }

    [Fact]
    public async Task WriteIndex_MoreThanAreKept_TheOldestGo()
    {
        await using var site = await BlobSite.OpenAsync(fixture.Azurite);
        foreach (var hour in new[] { 1, 2, 3, 4 })
            Assert.True(await ((BlobStore)site.Store).WriteIndexAsync("tokyo", Noon.AddHours(hour), "head", 2, Cancel));
        Assert.True(await ((BlobStore)site.Store).WriteIndexAsync("paris", Noon, "head", 2, Cancel));

        Assert.Equal(
            ["team/a/index/paris/20260102T120000Z.gz", "team/a/index/tokyo/20260102T150000Z.gz", "team/a/index/tokyo/20260102T160000Z.gz"],
            await NamesAsync(site.Client));
    }

    [Fact]
    public async Task Region_Drained_LeavesItsIndexOnce()
    {
        await using var site = new BlobSite(fixture.Azurite);
        var options = site.Options();
        await using var system = await RegionsSystem.StartAsync(region => region != "tokyo" ? [] :
        [
            ("Storage:Blob:ConnectionString", options.ConnectionString),
            ("Storage:Blob:Container", options.Container),
            ("Storage:Blob:WriteMode", "before-answer"),
            ("Failover:Snapshots", "true"),
            ("Failover:SnapshotEvery", "0s"),
        ]);
        var module = system.World.Modules[0].Module;
        using (var answer = await system.GetAsync("tokyo", $"/{module.Path.Escaped}/@v/{module.EscapedVersion}.mod"))
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var store = system.Services("tokyo").GetRequiredService<RegionalStore>().Blobs!;
        await Waiting.UntilAsync(async () => await store.FindRecordOrNullAsync(module, Cancel) is not null, "the shared store has it");
        var snapshots = system.Services("tokyo").GetRequiredService<RegionSnapshots>();
        await snapshots.LookAsync(Cancel);
        Assert.Empty(await NamesAsync(site.Client));

        using (var drained = await system.OrderAsync("sanjose", "tokyo", "drain", "new racks"))
            Assert.Equal(HttpStatusCode.OK, drained.StatusCode);
        await system.UntilAsync("tokyo", RegionState.Drained);
        await snapshots.LookAsync(Cancel);
        await snapshots.LookAsync(Cancel);

        var index = await ReadAsync(site, Assert.Single(await NamesAsync(site.Client)));
        Assert.StartsWith("# proxycluster index 1: region tokyo at ", index[0], StringComparison.Ordinal);
        Assert.Contains("new racks", index[0], StringComparison.Ordinal);
        Assert.Equal([$"{module.Path} {module.Version}"], index[1..]);
    }

    [Theory]
    [InlineData(RoutingEventKind.State, RegionState.Failed, "tokyo", true)]
    [InlineData(RoutingEventKind.State, RegionState.Drained, "tokyo", true)]
    [InlineData(RoutingEventKind.Alert, RegionState.Active, "tokyo", true)]
    [InlineData(RoutingEventKind.State, RegionState.Suspect, "tokyo", false)]
    [InlineData(RoutingEventKind.Share, RegionState.Failed, "tokyo", false)]
    [InlineData(RoutingEventKind.State, RegionState.Failed, "paris", false)]
    public void Reason_OfAnEvent_IsThatItsRegionIsInTrouble(RoutingEventKind kind, RegionState to, string region, bool expected)
    {
        var table = RoutingTable.Empty with { Events = [EventReceiverTests.EventOf(7) with { Kind = kind, To = to, Time = Noon }] };

        Assert.Equal(expected ? Noon : null, SnapshotReason.OrNull(table, region, 6)?.Time);
        Assert.Null(SnapshotReason.OrNull(table, region, 7));
    }

    [Fact]
    public void Reason_OfTime_IsOnceInEachTurn()
    {
        var day = TimeSpan.FromDays(1);

        Assert.Equal(Noon.AddHours(-12), SnapshotReason.OfTimeOrNull(Noon, null, day)!.Time);
        Assert.Null(SnapshotReason.OfTimeOrNull(Noon, Noon.AddHours(-12), day));
        Assert.Null(SnapshotReason.OfTimeOrNull(Noon, Noon.AddHours(-2), day)); // there was a reason meanwhile
        Assert.Equal(Noon.AddHours(12), SnapshotReason.OfTimeOrNull(Noon.AddHours(13), Noon, day)!.Time);
        Assert.Null(SnapshotReason.OfTimeOrNull(Noon, null, TimeSpan.Zero));
    }

    private static async Task<string[]> ReadAsync(BlobSite site, string name)
    {
        var content = await site.Client.GetBlobClient(name).DownloadContentAsync(Cancel);
        using var text = new StreamReader(new GZipStream(content.Value.Content.ToStream(), CompressionMode.Decompress));
        return (await text.ReadToEndAsync(Cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static async Task<List<string>> NamesAsync(Azure.Storage.Blobs.BlobContainerClient container)
    {
        var names = new List<string>();
        await foreach (var blob in container.GetBlobsAsync(cancellationToken: Cancel))
        {
            if (blob.Name.Contains("index/", StringComparison.Ordinal))
                names.Add(blob.Name);
        }

        return names;
    }
}
