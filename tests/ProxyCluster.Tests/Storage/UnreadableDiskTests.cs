using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;

namespace ProxyCluster.Tests.Storage;

/// <summary>A disk that cannot be read is no damage: nothing is set aside for it, and nothing taken for absent.</summary>
public sealed class UnreadableDiskTests
{
    private static readonly ModuleVersion Module = StoreSite.Module();
    private static readonly byte[] Old = StoreSite.Bytes(1000);
    private static readonly byte[] New = StoreSite.Bytes(1000, 2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Find_RecordThatCannotBeRead_IsAStoreException()
    {
        await using var site = new DiskSite();
        MakeUnreadable(site.Tree.RecordPath(Module));

        Assert.Throws<StoreException>(() => site.Disk.FindRecordOrNull(Module));
        await Assert.ThrowsAsync<StoreException>(() => site.CommitAsync(Module, ArtifactKind.Zip, Old));
    }

    [Fact]
    public async Task List_RecordThatCannotBeRead_IsAStoreException()
    {
        await using var site = new DiskSite();
        await site.CommitAsync(Module, ArtifactKind.Zip, Old);
        MakeLoop(site.Tree.RecordPath(Module));

        await Assert.ThrowsAsync<StoreException>(async () =>
        {
            await foreach (var record in site.Store.ListAsync(Cancel))
                Assert.Fail($"{record.Module} was read");
        });
    }

    [Fact]
    public async Task Find_NameTooLongForAnyFile_IsAbsent()
    {
        await using var site = new DiskSite();

        Assert.Null(site.Disk.FindRecordOrNull(StoreSite.Module("example.com/" + new string('a', 300))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1 << 20)]
    public async Task Open_FileThatCannotBeRead_IsAStoreExceptionAndNotSetAside(int memory)
    {
        await using var site = new DiskSite(options => options.MemoryMaxArtifactBytes = memory);
        var record = (await site.CommitAsync(Module, ArtifactKind.Zip, Old)).Record;
        MakeUnreadable(site.Tree.ArtifactPath(Module, ArtifactKind.Zip));

        await Assert.ThrowsAsync<StoreException>(() => site.Disk.OpenReadOrNullAsync(record, ArtifactKind.Zip, Cancel).AsTask());
        await Assert.ThrowsAsync<StoreException>(() => site.Store.OpenStreamOrNullAsync(record, ArtifactKind.Zip, Cancel).AsTask());

        Assert.False(site.Disk.HasBytes(record, ArtifactKind.Zip));
        Assert.Empty(site.Aside());
    }

    [Fact]
    public async Task Open_FileWhoseDataTheDiskHasLost_IsSetAsideToBeFetchedAgain()
    {
        if (OperatingSystem.IsWindows())
            return;

        await using var site = new DiskSite(hash: (_, _) => throw new StoreException("lost", new IOException("EIO", 5)));
        var record = await site.CommitBeforeStartAsync(Module, ArtifactKind.Zip, Old);

        Assert.Null(await site.Disk.OpenReadOrNullAsync(record, ArtifactKind.Zip, Cancel));

        Assert.Single(site.Aside());
        Assert.Equal(CommitStatus.Committed, (await site.CommitAsync(record, ArtifactKind.Zip, Old)).Status);
    }

    [Fact]
    public async Task Open_FileThatMayBeReadLater_IsAStoreExceptionAndNotSetAside()
    {
        await using var site = new DiskSite(hash: (_, _) => throw new StoreException("later", new IOException("EMFILE", 24)));
        var record = await site.CommitBeforeStartAsync(Module, ArtifactKind.Zip, Old);

        await Assert.ThrowsAsync<StoreException>(() => site.Disk.OpenReadOrNullAsync(record, ArtifactKind.Zip, Cancel).AsTask());

        Assert.Empty(site.Aside());
    }

    [Fact]
    public async Task TryOpen_HotFileThatCannotBeRead_IsFalse()
    {
        await using var site = new DiskSite();
        var record = (await site.CommitAsync(Module, ArtifactKind.Zip, Old)).Record;
        (await site.Disk.OpenReadOrNullAsync(record, ArtifactKind.Zip, Cancel))!.Dispose();
        var hot = site.Cache.FindOrNull(DiskStore.KeyOf(Module, ArtifactKind.Zip))!;
        Assert.True(DiskStore.TryOpen(hot, out var content));
        content.Dispose();
        MakeUnreadable(hot.File);

        Assert.False(DiskStore.TryOpen(hot, out content));
        Assert.Null(content);
    }

    [Fact]
    public async Task Evict_FileThatCannotBeRemoved_FreesNothing()
    {
        await using var site = new DiskSite();
        await site.CommitAsync(Module, ArtifactKind.Zip, Old);
        MakeUnreadable(site.Tree.ArtifactPath(Module, ArtifactKind.Zip));
        site.Index.Stored(DiskStore.KeyOf(Module, ArtifactKind.Zip), ArtifactKind.Zip, Old.Length);

        Assert.Equal(0, await site.Disk.EvictAsync(Module, ArtifactKind.Zip, uint.MaxValue, Cancel));
    }

    [Fact]
    public async Task Evict_RecordThatCannotBeRead_FreesTheBytesAndLeavesTheRecord()
    {
        await using var site = new DiskSite();
        await site.CommitAsync(Module, ArtifactKind.Zip, Old);
        File.WriteAllText(site.Tree.RecordPath(Module), DiskRecordTests.NewerFormat);

        Assert.Equal(4096, await site.Disk.EvictAsync(Module, ArtifactKind.Zip, uint.MaxValue, Cancel));

        Assert.Equal(DiskRecordTests.NewerFormat, File.ReadAllText(site.Tree.RecordPath(Module)));
    }

    [Fact]
    public async Task Verify_FilesThatCannotBeRead_AreProblemsAndTheWalkGoesOn()
    {
        await using var site = new DiskSite();
        foreach (var version in (string[])["v1.0.0", "v1.0.1", "v1.0.2"])
            await site.CommitAsync(StoreSite.Module(version: version), ArtifactKind.Info, Old);
        MakeUnreadable(site.Tree.ArtifactPath(StoreSite.Module(version: "v1.0.1"), ArtifactKind.Info));
        MakeLoop(site.Tree.RecordPath(StoreSite.Module(version: "v1.0.2")));
        var problems = new List<string>();

        var seen = await new StoreVerification(site.Tree).RunAsync(
            new Dictionary<string, GoModules.Notes.VerifierKey>(),
            fault => problems.Add(Path.GetFileName(fault.File)),
            damaged => Assert.Fail($"{damaged.Record!.Module} is to be set aside"),
            _ => { },
            Cancel);

        Assert.Equal((3, 2), (seen.Records, seen.Artifacts));
        Assert.Equal(["v1.0.1.info", "v1.0.2.record"], problems.Order(StringComparer.Ordinal));
    }

    // Tests may run as root, whom no permission stops; but nobody can open a directory as a file.
    private static void MakeUnreadable(string path)
    {
        if (File.Exists(path))
            File.Delete(path);
        Directory.CreateDirectory(path);
    }

    // The same for what is listed as a file.
    private static void MakeLoop(string path)
    {
        File.Delete(path);
        File.CreateSymbolicLink(path, Path.GetFileName(path));
    }
}
