using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Admin;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Configuration;
using ProxyCluster.Demo;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Azurite;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Cli;
using ProxyCluster.Tests.Clustering;
using ProxyCluster.Tests.Lines;
using ProxyCluster.Tests.Storage.Blobs;

namespace ProxyCluster.Tests.Copies;

/// <summary>Whole silos, a real Azurite between them, and what it may hold that is not so.</summary>
[Trait("Needs", "azurite")]
[Collection(AzuriteCollection.Name)]
public sealed class SharedFillTests(AzuriteFixture fixture) : IAsyncLifetime
{
    private const string Reads = "proxycluster_shared_reads_total";
    private const string Writes = "proxycluster_shared_writes_total";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private RegionSite _region = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ModuleVersion Module => _region.Sample.Module;

    public async ValueTask InitializeAsync() => _region = await RegionSite.OpenAsync(fixture.Azurite);

    public ValueTask DisposeAsync() => _region.DisposeAsync();

    [Fact]
    public async Task Get_WorldGoneAfterTheFirstSilo_IsServedFromTheSharedStoreVerified()
    {
        var first = await _region.StartSiloAsync();
        foreach (var kind in Enum.GetValues<ArtifactKind>())
            await first.GetAsync(Module, kind);
        await _region.EndWorldAsync();

        var second = await _region.StartSiloAsync();
        foreach (var kind in Enum.GetValues<ArtifactKind>())
        {
            Assert.Equal(_region.BytesOf(kind), await second.GetAsync(Module, kind));
            Assert.Equal(_region.Blobs.Store.Name, second.Disk.FindRecordOrNull(Module)!.ArtifactOrNull(kind)!.Source);
        }

        Assert.NotNull(second.Disk.FindRecordOrNull(Module)!.VerifiedBy!.Proof);
        Assert.Equal(3, await second.MetricAsync(Reads, "found"));
        Assert.Equal(0, await second.MetricAsync(Writes, "")); // it came from there
        Assert.Equal(_region.Sample.Zip, await second.GetAsync(Module, ArtifactKind.Zip)); // and now from its own disk
        Assert.Equal(3, await second.MetricAsync(Reads, ""));
    }

    [Fact]
    public async Task Counter_Throws_WhatIsOwedIsHandedOverWhenItDoesNot()
    {
        var silo = await _region.StartSiloAsync(null, ("Storage:Blob:WriteMode", "background"));
        using var fault = new ThrowingMetric(silo.Host.Services.GetRequiredService<ProxyMetrics>().SharedWrites);

        await silo.GetAsync(Module, ArtifactKind.Zip);
        await Waiting.UntilAsync(() => fault.Thrown > 0, "a copy met the bug");
        fault.IsFaulty = false;

        await Waiting.UntilAsync(() => silo.Writes.Waiting == 0, "nothing is owed");
        Assert.NotNull((await _region.Blobs.Store.FindRecordOrNullAsync(Module, Cancel))?.Zip);
        Assert.False(silo.Host.Lifetime.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task Forget_HeldByTheRegionsStore_IsGoneFromItToo()
    {
        await _region.SharedAsync(ArtifactKind.Zip);
        var silo = await _region.StartSiloAsync();

        var answer = await silo.Host.Services.GetRequiredService<Forgetting>().EverywhereAsync(Module, "a test", "alice", Cancel);

        Assert.True(answer.Complete);
        Assert.Equal(ForgetResult.Forgotten, Assert.Single(answer.Members).Result);
        Assert.Null(await _region.Blobs.Store.FindRecordOrNullAsync(Module, Cancel));
    }

    [Fact]
    public async Task Get_CachedOnly_FindsWhatTheRegionHas()
    {
        await _region.SharedAsync(ArtifactKind.Zip);
        var silo = await _region.StartSiloAsync();

        Assert.Equal(_region.Sample.Zip, await silo.GetAsync(Module, ArtifactKind.Zip, "/cached-only"));
    }

    [Fact]
    public async Task Get_ManyAtOnce_ReadTheSharedStoreOnce()
    {
        await _region.SharedAsync(ArtifactKind.Zip);
        var silo = await _region.StartSiloAsync();

        var all = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => silo.GetAsync(Module, ArtifactKind.Zip)));

        Assert.All(all, bytes => Assert.Equal(_region.Sample.Zip, bytes));
        Assert.Equal(1, await silo.MetricAsync(Reads, "found"));
    }

    [Theory]
    [InlineData(false)] // the right number of them
    [InlineData(true)]
    public async Task Get_OtherBytesInTheBlob_AreRefusedDiscardedAndReplaced(bool truncated)
    {
        var record = await _region.SharedAsync(ArtifactKind.Zip);
        var damaged = truncated ? _region.Sample.Zip[..^1] : [.. _region.Sample.Zip[..^1], 0xff];
        await _region.Blobs.ReplaceBytesAsync(record, ArtifactKind.Zip, damaged);
        var silo = await _region.StartSiloAsync();

        Assert.Equal(_region.Sample.Zip, await silo.GetAsync(Module, ArtifactKind.Zip));

        Assert.Equal(1, await silo.MetricAsync(Reads, "rejected"));
        Assert.Equal(1, await silo.MetricAsync("proxycluster_integrity_rejections_total", "shared-store"));
        Assert.Equal(_region.Upstream, silo.Disk.FindRecordOrNull(Module)!.Zip!.Source);
        Assert.Equal(_region.Sample.Zip, await _region.Blobs.ReadOrNullAsync(Module, ArtifactKind.Zip)); // whole again
    }

    [Fact]
    public async Task Get_BytesThatThisSiloAloneReadsWrongly_AreRefusedAndStayInTheStore()
    {
        var record = await _region.SharedAsync(ArtifactKind.Zip);
        await using var relay = new CuttingRelay(fixture.Azurite.Port);
        var silo = await _region.StartSiloAsync(AzuriteProcess.EndpointAt(relay.Port));
        var before = await _region.Blobs.TagOfAsync(record, ArtifactKind.Zip);
        relay.DamageDownloads(_region.Sample.Zip[^16..], times: 1);

        Assert.Equal(_region.Sample.Zip, await silo.GetAsync(Module, ArtifactKind.Zip));

        Assert.Equal((1, 0), (await silo.MetricAsync(Reads, "rejected"), silo.Writes.Waiting));
        Assert.Equal(_region.Upstream, silo.Disk.FindRecordOrNull(Module)!.Zip!.Source);
        Assert.Equal(before, await _region.Blobs.TagOfAsync(record, ArtifactKind.Zip));
    }

    [Fact]
    public async Task Get_ASiloThatReadsEverythingWrongly_ReplacesFewCopiesAndByTrueOnes()
    {
        var maker = await _region.StartSiloAsync();
        foreach (var module in _region.World.Modules)
            await maker.GetAsync(module.Module, ArtifactKind.Zip);
        await maker.Host.StopAsync(Cancel);
        await using var relay = new CuttingRelay(fixture.Azurite.Port);
        var silo = await _region.StartSiloAsync(AzuriteProcess.EndpointAt(relay.Port));
        var (replaced, rejected) = (0, 0);

        foreach (var module in _region.World.Modules)
        {
            var record = maker.Disk.FindRecordOrNull(module.Module)!;
            var before = await _region.Blobs.TagOfAsync(record, ArtifactKind.Zip);
            relay.DamageDownloads(module.Zip[^16..], times: int.MaxValue);
            Assert.Equal(module.Zip, await silo.GetAsync(module.Module, ArtifactKind.Zip));
            Assert.Equal(++rejected, await silo.MetricAsync(Reads, "rejected"));
            replaced += before == await _region.Blobs.TagOfAsync(record, ArtifactKind.Zip) ? 0 : 1;
            Assert.Equal(module.Zip, await _region.Blobs.ReadOrNullAsync(module.Module, ArtifactKind.Zip));
        }

        Assert.InRange(replaced, 1, 4);
    }

    [Fact]
    public async Task Get_ForgedRecordWithBytesThatMatchIt_IsRefusedAndReported()
    {
        // A flawless zip of the module with other code in it, and a record that says so, under the proof of the true one.
        var record = await _region.SharedAsync(ArtifactKind.Zip);
        var evil = Evil();
        var forged = record with
        {
            ZipH1 = evil.ZipH1,
            Zip = record.Zip! with { Sha256 = Digest.Of(evil.Zip), Size = evil.Zip.Length },
        };
        await _region.PutAsync(forged, ArtifactKind.Zip, evil.Zip);
        var silo = await _region.StartSiloAsync();

        Assert.Equal(_region.Sample.Zip, await silo.GetAsync(Module, ArtifactKind.Zip));

        Assert.Equal(1, await silo.MetricAsync(Reads, "rejected"));
        Assert.Equal(1, await silo.MetricAsync(Writes, "conflict")); // people have to say who is right
        Assert.Equal(forged.ZipH1, (await _region.Blobs.Store.FindRecordOrNullAsync(Module, Cancel))!.ZipH1);
    }

    [Fact]
    public async Task Get_TrueRecordThatNamesOtherBytes_IsRefusedByTheirContent()
    {
        var record = await _region.SharedAsync(ArtifactKind.Zip);
        var evil = Evil().Zip;
        await _region.PutAsync(record with { Zip = record.Zip! with { Sha256 = Digest.Of(evil), Size = evil.Length } }, ArtifactKind.Zip, evil);
        var silo = await _region.StartSiloAsync();

        Assert.Equal(_region.Sample.Zip, await silo.GetAsync(Module, ArtifactKind.Zip));
        Assert.Equal(1, await silo.MetricAsync(Reads, "rejected"));
    }

    [Fact]
    public async Task Get_RecordWithoutProof_IsRefused()
    {
        var record = await _region.SharedAsync(ArtifactKind.Mod);
        await _region.PutAsync(record with { VerifiedBy = record.VerifiedBy! with { Proof = null } }, ArtifactKind.Mod, _region.Sample.GoMod);
        var silo = await _region.StartSiloAsync();

        Assert.Equal(_region.Sample.GoMod, await silo.GetAsync(Module, ArtifactKind.Mod));
        Assert.Equal(1, await silo.MetricAsync(Reads, "rejected"));
    }

    [Fact]
    public async Task Get_StoreThatHangs_CostsOneBoundedWaitAndThenNone()
    {
        await using var azurite = await AzuriteProcess.StartAsync();
        var silo = await _region.StartSiloAsync(
            azurite.Endpoint, ("Storage:Blob:AnswerTimeout", "200ms"), ("Storage:Blob:RestAfterFailure", "10m"), ("Storage:Blob:WriteMode", "background"));
        azurite.Freeze();

        Assert.Equal(_region.Sample.Zip, await silo.GetAsync(Module, ArtifactKind.Zip));
        Assert.Equal(_region.Sample.GoMod, await silo.GetAsync(Module, ArtifactKind.Mod));
        Assert.Equal(_region.Sample.Info, await silo.GetAsync(Module, ArtifactKind.Info));

        Assert.Equal(1, await silo.MetricAsync(Reads, "failed"));
        Assert.Equal(1, await silo.MetricAsync(Reads, ""));
        azurite.Resume();
    }

    [Fact]
    public async Task Get_StoreThatHangsWhileItIsWritten_IsAnsweredAllTheSame()
    {
        await using var azurite = await AzuriteProcess.StartAsync();
        var silo = await _region.StartSiloAsync(
            azurite.Endpoint, ("Storage:Blob:AnswerTimeout", "200ms"), ("Storage:Blob:NetworkTimeout", "500ms"));
        azurite.Freeze();

        Assert.Equal(_region.Sample.Zip, await silo.GetAsync(Module, ArtifactKind.Zip));

        // It is owed, and handed over as soon as the store goes on.
        Assert.Equal(1, silo.Writes.Waiting);
        azurite.Resume();
        await Waiting.UntilAsync(() => silo.Writes.Waiting == 0);
        Assert.Equal(1, await silo.MetricAsync(Writes, "ok"));
    }

    [Fact]
    public async Task Get_ConnectionCutInTheMiddleOfTheBody_IsResumed()
    {
        var zip = _region.World.Modules.MaxBy(module => module.Zip.Length)!;
        var first = await _region.StartSiloAsync();
        await first.GetAsync(zip.Module, ArtifactKind.Zip);
        await using var relay = new CuttingRelay(fixture.Azurite.Port);
        var second = await _region.StartSiloAsync(AzuriteProcess.EndpointAt(relay.Port));
        relay.CutDownloadAfter(zip.Zip.Length / 2);

        Assert.Equal(zip.Zip, await second.GetAsync(zip.Module, ArtifactKind.Zip));
        Assert.Equal((1d, 1), (await second.MetricAsync(Reads, "found"), relay.Cuts));
    }

    [Fact]
    public async Task Get_InTwoRegions_LeavesACopyInTheStoreOfEach()
    {
        await using var elsewhere = await BlobSite.OpenAsync(fixture.Azurite);
        var cluster = new LocalCluster();
        var tokyo = await _region.StartSiloAsync(cluster, null);
        var frankfurt = await _region.StartSiloAsync(
            cluster, null, ("Cluster:Region", "frankfurt"), ("Storage:Blob:Container", elsewhere.Container));

        Assert.Equal(_region.Sample.Zip, await tokyo.GetAsync(Module, ArtifactKind.Zip));
        Assert.Equal(_region.Sample.Zip, await frankfurt.GetAsync(Module, ArtifactKind.Zip));
        await Waiting.UntilAsync(() => tokyo.Writes.Waiting + frankfurt.Writes.Waiting == 0);

        Assert.Equal(1, _region.World.Upstream.Requests.Single(asked => asked.Key.EndsWith(".zip", StringComparison.Ordinal)).Value);
        Assert.Equal(_region.Sample.Zip, await _region.Blobs.ReadOrNullAsync(Module, ArtifactKind.Zip));
        Assert.Equal(_region.Sample.Zip, await elsewhere.ReadOrNullAsync(Module, ArtifactKind.Zip));
    }

    [Fact]
    public async Task Stop_WithCopiesOwed_HandsThemOverFirst()
    {
        var silo = await _region.StartSiloAsync(null, ("Storage:Blob:WriteMode", "background"));
        foreach (var module in _region.World.Modules)
            await silo.GetAsync(module.Module, ArtifactKind.Zip);

        await silo.Host.StopAsync(Cancel);

        foreach (var module in _region.World.Modules)
            Assert.Equal(module.Zip, await _region.Blobs.ReadOrNullAsync(module.Module, ArtifactKind.Zip));
    }

    [Fact]
    public async Task Restart_WithCopiesOwed_HandsThemOverThen()
    {
        using var scratch = new ScratchDirectory();
        await using var azurite = await AzuriteProcess.StartAsync();
        (string, string)[] settings =
        [
            (SettingKeys.Data, scratch["kept"]), ("Storage:Blob:NetworkTimeout", "500ms"), ("Storage:Blob:AnswerTimeout", "200ms"),
            ("Storage:Blob:WriteMode", "background"),
        ];
        azurite.Freeze();
        var first = await _region.StartSiloAsync(azurite.Endpoint, settings);
        Assert.Equal(_region.Sample.Zip, await first.GetAsync(Module, ArtifactKind.Zip));
        await _region.EndAsync(first);
        azurite.Resume();

        var second = await _region.StartSiloAsync(azurite.Endpoint, settings);

        // Known where the store, once it went on, took what had been sent to it before.
        await Waiting.UntilAsync(async () => await second.MetricAsync(Writes, "ok") + await second.MetricAsync(Writes, "known") == 1);
        await Waiting.UntilAsync(() => second.Writes.Waiting == 0);
        Assert.Empty(Directory.EnumerateFiles(second.Host.Services.GetRequiredService<DataTree>().OwedToSharedStore));
    }

    [Fact]
    public async Task Commit_ThatFailsAgainAndAgain_StaysOwedUntilItWorks()
    {
        await using var azurite = await AzuriteProcess.StartAsync();
        var silo = await _region.StartSiloAsync(
            azurite.Endpoint,
            ("Storage:Blob:NetworkTimeout", "200ms"),
            ("Storage:Blob:AnswerTimeout", "200ms"),
            ("Storage:Blob:Retries", "0"),
            ("Storage:Blob:AttemptPause", "1ms"),
            ("Storage:Blob:WriteMode", "background"));
        azurite.Freeze();
        await silo.GetAsync(Module, ArtifactKind.Zip);
        await Waiting.UntilAsync(async () => await silo.MetricAsync(Writes, "retried") >= 3);

        azurite.Resume();

        await Waiting.UntilAsync(() => silo.Writes.Waiting == 0);
        Assert.Equal((1, 0), (await silo.MetricAsync(Writes, "ok"), await silo.MetricAsync(Writes, "dropped")));
    }

    [Fact]
    public async Task Commit_InTheBackground_ReachesTheSharedStoreSoon()
    {
        var silo = await _region.StartSiloAsync(null, ("Storage:Blob:WriteMode", "background"));
        await silo.GetAsync(Module, ArtifactKind.Zip);

        await Waiting.UntilAsync(() => silo.Writes.Waiting == 0);

        Assert.Equal(_region.Sample.Zip, await _region.Blobs.ReadOrNullAsync(Module, ArtifactKind.Zip));
    }

    [Fact]
    public async Task Start_StoreThatDoesNotAnswer_ServesWithoutIt()
    {
        await using var relay = new CuttingRelay(1);
        relay.StopListening();
        var silo = await _region.StartSiloAsync(AzuriteProcess.EndpointAt(relay.Port), ("Storage:Blob:Retries", "0"));

        Assert.Equal(_region.Sample.Zip, await silo.GetAsync(Module, ArtifactKind.Zip));
    }

    [Fact]
    public async Task Serve_ContainerMissing_SaysSoInOneLineAndExitsWith1()
    {
        var options = _region.Blobs.Options();
        await using var process = ServeProcess.Start(
            "--urls", "http://127.0.0.1:0", "--set", "Storage:Blob:ConnectionString=" + options.ConnectionString,
            "--set", "Storage:Blob:Container=nobody-made-it", "--set", "Storage:Blob:CreateContainer=false");

        Assert.Equal(1, await process.ExitAsync(Patience));
        Assert.Equal(
            $"proxycluster: the shared store cannot be used: Storage:Blob:Container = \"nobody-made-it\": {fixture.Azurite.Endpoint}/nobody-made-it "
                + "does not exist (404 ContainerNotFound); create it, or set Storage:Blob:CreateContainer=true",
            (await process.ErrorAsync()).Trim());
    }

    private PackedModule Evil() => PackedModule.Pack(
        Module, "2026-01-01T00:00:00Z", [ModuleFile.Of("go.mod", _region.Sample.GoMod), ModuleFile.Of("evil.go", "package evil\n"u8.ToArray())]);
}
