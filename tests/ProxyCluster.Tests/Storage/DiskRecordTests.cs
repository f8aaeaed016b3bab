using Microsoft.Win32.SafeHandles;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;

namespace ProxyCluster.Tests.Storage;

/// <summary>Records on the disk: read once, and those that this program cannot read.</summary>
public sealed class DiskRecordTests
{
    internal const string NewerFormat = """{"format":2,"module":"something else"}""";

    private static readonly ModuleVersion Module = StoreSite.Module();
    private static readonly byte[] Old = StoreSite.Bytes(1000);
    private static readonly byte[] New = StoreSite.Bytes(1000, 2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Find_RecordReadBefore_IsNotParsedAgain()
    {
        await using var site = new DiskSite();
        var committed = (await site.CommitAsync(Module, ArtifactKind.Zip, Old)).Record;

        Assert.Same(committed, site.Disk.FindRecordOrNull(Module));
        site.Cache.RemoveRecord("example.com/a/@v/v1.0.0");
        var read = site.Disk.FindRecordOrNull(Module);
        Assert.NotSame(committed, read);
        Assert.Equal(committed, read);
        Assert.Same(read, site.Disk.FindRecordOrNull(Module));
    }

    [Fact]
    public async Task Find_RecordFileReplacedByHand_IsReadAgain()
    {
        await using var site = new DiskSite();
        var record = (await site.CommitAsync(Module, ArtifactKind.Zip, Old)).Record;
        var path = site.Tree.RecordPath(Module);
        File.WriteAllBytes(path, RecordFile.Write(record with { GoModH1 = "h1:restored" }));
        Assert.Equal("h1:restored", site.Disk.FindRecordOrNull(Module)!.GoModH1);

        File.Delete(path);
        Assert.Null(site.Disk.FindRecordOrNull(Module));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1 << 20)]
    public async Task Commit_OfAnotherArtifact_LeavesTheHotEntryAndRemembersTheGrownRecord(int memory)
    {
        await using var site = new DiskSite(options => options.MemoryMaxArtifactBytes = memory);
        var first = (await site.CommitAsync(Module, ArtifactKind.Zip, Old)).Record;
        (await site.Disk.OpenReadOrNullAsync(first, ArtifactKind.Zip, Cancel))!.Dispose();
        var hot = site.Cache.FindOrNull(DiskStore.KeyOf(Module, ArtifactKind.Zip));
        Assert.NotNull(hot);

        var grown = (await site.CommitAsync(Module, ArtifactKind.Mod, [1])).Record;

        Assert.Same(grown, site.Disk.FindRecordOrNull(Module));
        Assert.Same(hot, site.Cache.FindOrNull(DiskStore.KeyOf(Module, ArtifactKind.Zip)));
    }

    [Fact]
    public async Task Commit_InPlaceOfLostBytes_TakesTheOldOnesOutOfMemory()
    {
        await using var site = new DiskSite(options => options.MemoryMaxArtifactBytes = 1 << 20);
        var first = (await site.CommitAsync(Module, ArtifactKind.Info, Old)).Record;
        (await site.Disk.OpenReadOrNullAsync(first, ArtifactKind.Info, Cancel))!.Dispose();
        await site.LoseBytesAsync(first, ArtifactKind.Info);

        await site.CommitAsync(Module, ArtifactKind.Info, New);

        Assert.Null(site.Cache.FindOrNull(DiskStore.KeyOf(Module, ArtifactKind.Info)));
    }

    [Fact]
    public async Task Commit_WhoseRecordCannotBeWritten_LeavesNothingHot()
    {
        var flush = new FailingFlush();
        await using var site = new DiskSite(flush: flush);
        await site.CommitAsync(Module, ArtifactKind.Mod, [1]);
        flush.FailsAfter = 2; // the zip's bytes and its name

        await Assert.ThrowsAsync<StoreException>(() => site.CommitAsync(Module, ArtifactKind.Zip, Old));

        Assert.Null(site.Cache.FindOrNull(DiskStore.KeyOf(Module, ArtifactKind.Zip)));
        Assert.Null(site.Disk.FindRecordOrNull(Module)!.Zip);
    }

    [Fact]
    public async Task Delete_AModuleVersion_LeavesNothingOfItInMemory()
    {
        await using var site = new DiskSite(options => options.MemoryMaxArtifactBytes = 1 << 20);
        var record = (await site.CommitAsync(Module, ArtifactKind.Zip, Old)).Record;
        (await site.Disk.OpenReadOrNullAsync(record, ArtifactKind.Zip, Cancel))!.Dispose();

        await site.Store.DeleteAsync(Module, Cancel);

        Assert.Equal((0, 0), (site.Cache.Bytes, site.Index.Bytes));
    }

    [Fact]
    public async Task Delete_WhileTheFileIsHashed_LeavesNothingOfItInMemory()
    {
        var gate = new HashGate();
        await using var site = new DiskSite(hash: gate.HashAsync);
        var record = await site.CommitBeforeStartAsync(Module, ArtifactKind.Zip, Old);
        var opening = site.Disk.OpenReadOrNullAsync(record, ArtifactKind.Zip, Cancel).AsTask();
        await gate.Entered;
        Assert.True(await site.Store.DeleteAsync(Module, Cancel).WaitAsync(TimeSpan.FromMinutes(1), Cancel));
        gate.Open();

        Assert.Null(await opening);
        Assert.Equal((0, 0), (site.Cache.Bytes, site.Index.Bytes));
    }

    [Theory]
    [InlineData(NewerFormat)]
    [InlineData("""{"more":{"format":1},"format":2,"path":"example.com/a","version":"v1.0.0"}""")]
    [InlineData("""{"format":"two"}""")]
    [InlineData("""{"format":2,"torn""")]
    public async Task Record_OfAnotherFormat_IsNeitherAbsentNorOverwritten(string json)
    {
        await using var site = new DiskSite();
        await site.CommitAsync(Module, ArtifactKind.Zip, Old);
        File.WriteAllText(site.Tree.RecordPath(Module), json);

        var found = Assert.Throws<StoreException>(() => site.Disk.FindRecordOrNull(Module));
        Assert.Contains("format is ", found.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreException>(() => site.CommitAsync(Module, ArtifactKind.Zip, New, "h1:other"));

        Assert.Equal(json, File.ReadAllText(site.Tree.RecordPath(Module)));
        Assert.Empty(site.Aside());

        // An operator's way out.
        Assert.True(await site.Store.DeleteAsync(Module, Cancel));
        Assert.Equal(CommitStatus.Committed, (await site.CommitAsync(Module, ArtifactKind.Zip, New, "h1:other")).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("""{"format":1,"path":"example.c""")]
    [InlineData("""{"format":1,"path":"example.com/other","version":"v1.0.0"}""")]
    public async Task Record_DamagedOfAPublicModule_CountsAsAbsentAndIsKeptAsideByTheNextCommit(string json)
    {
        await using var site = new DiskSite(noSum: "private.example.com");
        await site.CommitAsync(Module, ArtifactKind.Zip, Old);
        File.WriteAllText(site.Tree.RecordPath(Module), json);

        Assert.Null(site.Disk.FindRecordOrNull(Module));
        Assert.Empty(site.Aside());
        Assert.Equal(CommitStatus.Committed, (await site.CommitAsync(Module, ArtifactKind.Zip, Old)).Status);

        var aside = Assert.Single(site.Aside());
        Assert.EndsWith("a@v1.0.0.record", aside, StringComparison.Ordinal);
        Assert.Equal(json, File.ReadAllText(Path.Combine(site.Tree.Quarantine, aside)));
        Assert.Equal(Old, await site.ReadOrNullAsync(Module, ArtifactKind.Zip));
    }

    [Theory]
    [InlineData("")]
    [InlineData("""{"format":1,"path":"example.com/other","version":"v1.0.0"}""")]
    public async Task Record_DamagedOfAPrivateModule_KeepsAnythingElseFromBeingPinned(string json)
    {
        await using var site = new DiskSite(noSum: "example.com");
        await site.CommitAsync(Module, ArtifactKind.Zip, Old);
        File.WriteAllText(site.Tree.RecordPath(Module), json);

        var found = Assert.Throws<StoreException>(() => site.Disk.FindRecordOrNull(Module));
        Assert.Contains(site.Tree.RecordPath(Module), found.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreException>(() => site.CommitAsync(Module, ArtifactKind.Zip, New, "h1:moved"));

        Assert.Equal(json, File.ReadAllText(site.Tree.RecordPath(Module)));
    }

    private sealed class FailingFlush : IFlush
    {
        public int FailsAfter { get; set; } = int.MaxValue;

        public void File(SafeFileHandle file) => Count();

        public void Directory(string path) => Count();

        private void Count()
        {
            if (FailsAfter-- <= 0)
                throw new IOException("no more");
        }
    }
}
