using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Rulings;
using ProxyCluster.Storage;
using ProxyCluster.Tests.Storage.Blobs;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Storage;

/// <summary>On a disk.</summary>
public sealed class DiskStoreConformance : ArtifactStoreConformance
{
    private protected override Task<StoreSite> OpenAsync() => Task.FromResult<StoreSite>(new DiskSite());
}

/// <summary>In a container, as two silos see it.</summary>
[Trait("Needs", "azurite")]
[Collection(AzuriteCollection.Name)]
public sealed class BlobStoreConformance(AzuriteFixture fixture) : ArtifactStoreConformance
{
    private protected override async Task<StoreSite> OpenAsync() => await BlobSite.OpenAsync(fixture.Azurite);
}

/// <summary>The promises of <see cref="IArtifactStore"/>, held against every implementation.</summary>
public abstract class ArtifactStoreConformance : IAsyncLifetime
{
    private static readonly ModuleVersion Module = StoreSite.Module();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private StoreSite Site { get; set; } = null!;

    private protected abstract Task<StoreSite> OpenAsync();

    public async ValueTask InitializeAsync() => Site = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await Site.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Find_NothingCommitted_IsNull()
    {
        Assert.Null(await Site.Store.FindRecordOrNullAsync(Module, Cancel));
        var named = StoreSite.Proposal(Module, ArtifactKind.Zip, [1]);
        Assert.Null(await StoreSite.ReadOrNullAsync(Site.Store, named, ArtifactKind.Zip));
        Assert.Null(await StoreSite.ReadOrNullAsync(Site.Store, named, ArtifactKind.Mod)); // not even named
    }

    [Theory]
    [InlineData("info", 20)]
    [InlineData("mod", 0)]
    [InlineData("zip", 5000)]
    public async Task Commit_AnArtifact_GivesEverybodyRecordAndBytes(string name, int length)
    {
        var kind = Enum.Parse<ArtifactKind>(name, ignoreCase: true);
        var bytes = StoreSite.Bytes(length);
        var proposal = StoreSite.Proposal(Module, kind, bytes);

        var result = await Site.CommitAsync(proposal, kind, bytes);

        Assert.Equal(CommitStatus.Committed, result.Status);
        Assert.Equal(proposal, result.Record);
        Assert.Equal(proposal, await Site.Other.FindRecordOrNullAsync(Module, Cancel));
        Assert.Equal(bytes, await Site.ReadOrNullAsync(Module, kind, Site.Other));
    }

    [Theory]
    [InlineData("github.com/Azure/azure-sdk-for-go", "v68.0.0+incompatible")]
    [InlineData("example.com/x~y/z_1.2-3/v2", "v2.0.0-RC.1")]
    public async Task Commit_NameWithAnythingThatIsAllowed_IsFoundAndListedUnderIt(string path, string version)
    {
        var module = StoreSite.Module(path, version);
        await Site.CommitAsync(module, ArtifactKind.Mod, [1, 2]);

        Assert.Equal([1, 2], await Site.ReadOrNullAsync(module, ArtifactKind.Mod, Site.Other));
        Assert.Equal([module], (await ListAsync()).Select(record => record.Module));
        Assert.True(await Site.Store.DeleteAsync(module, Cancel));
        Assert.Empty(await ListAsync());
    }

    [Fact]
    public async Task Commit_NextArtifact_GrowsTheRecord()
    {
        await Site.CommitAsync(Module, ArtifactKind.Mod, [1], "h1:m");
        await Site.CommitAsync(Module, ArtifactKind.Zip, [2], "h1:z");

        var record = await Site.Store.FindRecordOrNullAsync(Module, Cancel);
        Assert.Equal(("h1:m", "h1:z"), (record!.GoModH1, record.ZipH1));
        Assert.Equal([1], await Site.ReadOrNullAsync(Module, ArtifactKind.Mod));
        Assert.Equal([2], await Site.ReadOrNullAsync(Module, ArtifactKind.Zip));
    }

    [Fact]
    public async Task Commit_TheSameAgain_IsAlreadyStored()
    {
        var bytes = StoreSite.Bytes(100);
        var first = await Site.CommitAsync(Module, ArtifactKind.Zip, bytes);
        var again = await Site.CommitAsync(StoreSite.Proposal(Module, ArtifactKind.Zip, bytes), ArtifactKind.Zip, bytes, Site.Other);

        Assert.Equal(CommitStatus.AlreadyStored, again.Status);
        Assert.Equal(first.Record, again.Record);
    }

    [Fact]
    public async Task Commit_OtherContent_IsAConflictThatChangesNothing()
    {
        var first = await Site.CommitAsync(Module, ArtifactKind.Zip, [1], "h1:a");
        var other = await Site.CommitAsync(StoreSite.Proposal(Module, ArtifactKind.Zip, [2], "h1:b"), ArtifactKind.Zip, [2], Site.Other);

        Assert.Equal(CommitStatus.Conflict, other.Status);
        Assert.Contains("h1:b", other.Conflict, StringComparison.Ordinal);
        Assert.Equal(first.Record, await Site.Store.FindRecordOrNullAsync(Module, Cancel));
        Assert.Equal([1], await Site.ReadOrNullAsync(Module, ArtifactKind.Zip));
    }

    [Fact]
    public async Task Record_ThatAnOrderMakesVoid_CountsAsAbsentAndGivesWayToWhatIsAccepted()
    {
        await Site.CommitAsync(Module, ArtifactKind.Info, [9]);
        var old = await Site.CommitAsync(Module, ArtifactKind.Zip, [1], "h1:a");
        Site.Rulings.TakeOrFault(RulingSet.Empty.With(new Ruling(
            RulingVerb.Accept, Module, "h1:b", null, "alice", "moved", old.Record.Zip!.Time.AddDays(1))).Write());

        Assert.Null(await Site.Store.FindRecordOrNullAsync(Module, Cancel));
        var third = await Site.CommitAsync(StoreSite.Proposal(Module, ArtifactKind.Zip, [3], "h1:c"), ArtifactKind.Zip, [3], Site.Other);
        Assert.Equal(CommitStatus.Conflict, third.Status);
        Assert.Contains("only h1:b is accepted", third.Conflict, StringComparison.Ordinal);
        var again = await Site.CommitAsync(StoreSite.Proposal(Module, ArtifactKind.Zip, [2], "h1:b"), ArtifactKind.Zip, [2], Site.Other);

        Assert.Equal(CommitStatus.Committed, again.Status);
        Assert.Equal(("h1:b", null), (again.Record.ZipH1, again.Record.Info));
        Assert.Equal([2], await Site.ReadOrNullAsync(Module, ArtifactKind.Zip));

        // A reader that has found the old record before is given its bytes or nothing, and never others.
        Assert.True(await StoreSite.ReadOrNullAsync(Site.Store, old.Record, ArtifactKind.Zip) is null or [1]);
    }

    [Fact]
    public async Task Commit_SameZipContentPackedOtherwise_KeepsTheFirstPacking()
    {
        await Site.CommitAsync(Module, ArtifactKind.Zip, [1], "h1:a");
        var other = await Site.CommitAsync(StoreSite.Proposal(Module, ArtifactKind.Zip, [2, 2], "h1:a"), ArtifactKind.Zip, [2, 2], Site.Other);

        Assert.Equal(CommitStatus.AlreadyStored, other.Status);
        Assert.Equal([1], await Site.ReadOrNullAsync(Module, ArtifactKind.Zip, Site.Other));
    }

    [Fact]
    public async Task Commit_ManyAtOnceThatAgree_OneCommitsAndTheOthersFindIt()
    {
        var bytes = StoreSite.Bytes(200_000); // some blocks
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(n =>
            Site.CommitAsync(StoreSite.Proposal(Module, ArtifactKind.Zip, bytes), ArtifactKind.Zip, bytes, n % 2 == 0 ? Site.Store : Site.Other)));

        Assert.Single(results, result => result.Status == CommitStatus.Committed);
        Assert.Equal(7, results.Count(result => result.Status == CommitStatus.AlreadyStored));
        Assert.Equal(bytes, await Site.ReadOrNullAsync(Module, ArtifactKind.Zip));
    }

    [Fact]
    public async Task Commit_ManyAtOnceThatDiffer_OneWinsAndTheOthersConflict()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Site.CommitAsync(
            StoreSite.Proposal(Module, ArtifactKind.Zip, StoreSite.Bytes(1000, n), $"h1:{n}"),
            ArtifactKind.Zip,
            StoreSite.Bytes(1000, n),
            n % 2 == 0 ? Site.Store : Site.Other)));

        var winner = Assert.Single(Enumerable.Range(0, 8), n => results[n].Status == CommitStatus.Committed);
        Assert.Equal(7, results.Count(result => result.Status == CommitStatus.Conflict));
        Assert.Equal($"h1:{winner}", (await Site.Store.FindRecordOrNullAsync(Module, Cancel))!.ZipH1);
        Assert.Equal(StoreSite.Bytes(1000, winner), await Site.ReadOrNullAsync(Module, ArtifactKind.Zip));
    }

    [Fact]
    public async Task Commit_ManyAtOnceOfDifferentArtifacts_AllEndUpInTheRecord()
    {
        var kinds = Enum.GetValues<ArtifactKind>();
        var modules = Enumerable.Range(0, 5).Select(n => StoreSite.Module(version: $"v1.0.{n}")).ToList();
        var results = await Task.WhenAll(modules.SelectMany(module => kinds.Select((kind, n) => Site.CommitAsync(
            StoreSite.Proposal(module, kind, [(byte)n]), kind, [(byte)n], n % 2 == 0 ? Site.Store : Site.Other))));

        Assert.All(results, result => Assert.Equal(CommitStatus.Committed, result.Status));
        foreach (var module in modules)
        {
            var record = await Site.Store.FindRecordOrNullAsync(module, Cancel);
            Assert.All(kinds, kind => Assert.NotNull(record!.ArtifactOrNull(kind)));
            for (var n = 0; n < kinds.Length; n++)
                Assert.Equal(new byte[] { (byte)n }, await Site.ReadOrNullAsync(module, kinds[n]));
        }
    }

    [Fact]
    public async Task Commit_LargeZip_IsReadWholeByWhoeverSeesItsRecord()
    {
        var bytes = StoreSite.Bytes((3 << 20) + 17);
        var commit = Site.CommitAsync(Module, ArtifactKind.Zip, bytes);
        using var late = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        byte[]? seen;
        do
        {
            seen = await Site.ReadOrNullAsync(Module, ArtifactKind.Zip, Site.Other);
            Assert.False(late.IsCancellationRequested, "the commit takes too long");
        }
        while (seen is null && !commit.IsCompleted);

        Assert.Equal(CommitStatus.Committed, (await commit).Status);
        seen ??= await Site.ReadOrNullAsync(Module, ArtifactKind.Zip, Site.Other);
        Assert.Equal(bytes, seen);
    }

    [Fact]
    public async Task Commit_AfterOneThatBrokeOffBeforeItsRecord_IsTheFirst()
    {
        await Site.LeaveBytesAsync(Module, ArtifactKind.Zip, [1]);
        await Site.LeaveBytesAsync(Module, ArtifactKind.Mod, [9]);
        Assert.Null(await Site.Store.FindRecordOrNullAsync(Module, Cancel));
        Assert.Empty(await ListAsync());

        var other = await Site.CommitAsync(Module, ArtifactKind.Zip, [2], "h1:b");
        var same = await Site.CommitAsync(Module, ArtifactKind.Mod, [9]);

        Assert.Equal((CommitStatus.Committed, CommitStatus.Committed), (other.Status, same.Status));
        Assert.Equal([2], await Site.ReadOrNullAsync(Module, ArtifactKind.Zip, Site.Other));
        Assert.Equal([9], await Site.ReadOrNullAsync(Module, ArtifactKind.Mod, Site.Other));
    }

    [Fact]
    public async Task Commit_BytesThatTheRecordNamesAreGone_PutsEqualOnesInTheirPlace()
    {
        var bytes = StoreSite.Bytes(100_000);
        var first = await Site.CommitAsync(Module, ArtifactKind.Zip, bytes);
        await Site.LoseBytesAsync(first.Record, ArtifactKind.Zip);
        Assert.Null(await Site.ReadOrNullAsync(Module, ArtifactKind.Zip));

        Assert.Equal(CommitStatus.Conflict, (await Site.CommitAsync(Module, ArtifactKind.Zip, [1], "h1:other")).Status);
        Assert.Equal(CommitStatus.Committed, (await Site.CommitAsync(Module, ArtifactKind.Zip, bytes)).Status);
        Assert.Equal(bytes, await Site.ReadOrNullAsync(Module, ArtifactKind.Zip, Site.Other));
    }

    [Fact]
    public async Task Commit_BetterProofWithoutBytes_StrengthensTheRecordAndKeepsItsArtifacts()
    {
        var stored = await Site.CommitAsync(Module, ArtifactKind.Zip, [1]);
        var lines = $"{Module.Path} {Module.Version} h1:a\n{Module.Path} {Module.Version}/go.mod h1:m\n";
        var proven = new VerifiedBy(
            VerificationKind.ChecksumDatabase, "sum.example.com", DateTimeOffset.UnixEpoch, new ChecksumProof("sum.example.com", 0, lines, "", []));

        var result = await Site.Other.CommitAsync(
            stored.Record with { GoModH1 = "h1:m", VerifiedBy = proven }, ArtifactKind.Zip, null, Cancel);

        Assert.Equal(CommitStatus.Committed, result.Status);
        var record = await Site.Store.FindRecordOrNullAsync(Module, Cancel);
        Assert.Equal(RecordFile.Write(stored.Record with { GoModH1 = "h1:m", VerifiedBy = proven }), RecordFile.Write(record!));
        Assert.Equal([1], await Site.ReadOrNullAsync(Module, ArtifactKind.Zip));
    }

    [Fact]
    public async Task List_MoreThanOnePage_GivesEachRecordOnce()
    {
        var modules = Enumerable.Range(0, 10).Select(n => StoreSite.Module($"example.com/m{n}")).ToList();
        foreach (var module in modules)
        {
            await Site.CommitAsync(module, ArtifactKind.Mod, [1]);
            await Site.CommitAsync(module, ArtifactKind.Zip, [2]);
        }

        var listed = await ListAsync();
        Assert.Equal(modules, listed.Select(record => record.Module).OrderBy(module => module.Path.Value, StringComparer.Ordinal));
        Assert.All(listed, record => Assert.NotNull(record.Zip));
    }

    [Fact]
    public async Task Delete_AModuleVersion_TakesItAndNothingElse()
    {
        var neighbour = StoreSite.Module(version: "v1.0.0-pre");
        await Site.CommitAsync(neighbour, ArtifactKind.Zip, [7]);
        var record = (await Site.CommitAsync(Module, ArtifactKind.Zip, [1])).Record;

        Assert.True(await Site.Store.DeleteAsync(Module, Cancel));
        Assert.False(await Site.Store.DeleteAsync(Module, Cancel));
        Assert.Null(await Site.Other.FindRecordOrNullAsync(Module, Cancel));
        Assert.Null(await StoreSite.ReadOrNullAsync(Site.Other, record, ArtifactKind.Zip));
        Assert.Equal([7], await Site.ReadOrNullAsync(neighbour, ArtifactKind.Zip));

        // Nothing remembers it: other content is as good as any.
        Assert.Equal(CommitStatus.Committed, (await Site.CommitAsync(Module, ArtifactKind.Zip, [2], "h1:b")).Status);
        Assert.Equal([2], await Site.ReadOrNullAsync(Module, ArtifactKind.Zip, Site.Other));
    }

    [Fact]
    public async Task Probe_WorkingStore_LeavesNothingBehind()
    {
        await Site.Store.ProbeAsync(Cancel);

        Assert.Empty(await ListAsync());
        Assert.NotEmpty(Site.Store.Name);
    }

    private async Task<List<ModuleRecord>> ListAsync()
    {
        var all = new List<ModuleRecord>();
        await foreach (var record in Site.Other.ListAsync(Cancel))
            all.Add(record);
        return all;
    }
}
