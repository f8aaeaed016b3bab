using Microsoft.Win32.SafeHandles;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;

namespace ProxyCluster.Tests.Storage;

/// <summary>What the disk does beyond what every store does: interleavings, and a disk that fails.</summary>
public sealed class DiskStoreTests
{
    private static readonly ModuleVersion Module = StoreSite.Module();
    private static readonly byte[] Old = StoreSite.Bytes(1000);
    private static readonly byte[] New = StoreSite.Bytes(1000, 2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // ---- Readers beside commits

    [Fact]
    public async Task Open_WithARecordOfBefore_LeavesWhatWasCommittedSince()
    {
        await using var site = new DiskSite();
        var before = (await site.CommitAsync(Module, ArtifactKind.Info, Old)).Record;
        await site.LoseBytesAsync(before, ArtifactKind.Info);
        await site.CommitAsync(Module, ArtifactKind.Info, New);

        Assert.Null(await StoreSite.ReadOrNullAsync(site.Store, before, ArtifactKind.Info));

        Assert.Equal(New, await site.ReadOrNullAsync(Module, ArtifactKind.Info));
        Assert.Empty(site.Aside());
        Assert.Equal(1000, site.Index.Bytes);
    }

    [Fact]
    public async Task Open_FileReplacedWhileItIsHashed_LeavesTheNewOne()
    {
        var gate = new HashGate();
        await using var site = new DiskSite(hash: gate.HashAsync);
        var record = await CommittedBeforeStartAsync(site, ArtifactKind.Zip, Old);
        await site.LeaveBytesAsync(Module, ArtifactKind.Zip, New); // damage of the same length
        var opening = site.Disk.OpenReadOrNullAsync(record, ArtifactKind.Zip, Cancel).AsTask();
        await gate.Entered;
        await site.LoseBytesAsync(record, ArtifactKind.Zip);
        var commit = await site.CommitAsync(record, ArtifactKind.Zip, Old).WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        Assert.Equal(CommitStatus.Committed, commit.Status);
        gate.Open();

        Assert.Null(await opening);
        Assert.Empty(site.Aside());
        Assert.Equal(Old, await site.ReadOrNullAsync(Module, ArtifactKind.Zip));
    }

    [Fact]
    public async Task Quarantine_OfAFileReplacedSinceItWasSeen_LeavesTheNewOne()
    {
        await using var site = new DiskSite();
        var record = (await site.CommitAsync(Module, ArtifactKind.Zip, Old)).Record;
        await site.LeaveBytesAsync(Module, ArtifactKind.Zip, New);
        File.SetLastWriteTimeUtc(site.Tree.ArtifactPath(Module, ArtifactKind.Zip), DateTime.UnixEpoch);
        var damaged = await DamagedAsync(site);
        await site.LoseBytesAsync(record, ArtifactKind.Zip);
        await site.CommitAsync(record, ArtifactKind.Zip, Old);

        await site.Disk.QuarantineAsync(Module, damaged, "test", Cancel);

        Assert.Empty(site.Aside());
        Assert.Equal(Old, await site.ReadOrNullAsync(Module, ArtifactKind.Zip));
    }

    [Fact]
    public async Task Quarantine_OfTheFileThatWasSeen_SetsItAside()
    {
        await using var site = new DiskSite();
        await site.CommitAsync(Module, ArtifactKind.Zip, Old);
        await site.LeaveBytesAsync(Module, ArtifactKind.Zip, New);

        await site.Disk.QuarantineAsync(Module, await DamagedAsync(site), "test", Cancel);

        Assert.EndsWith("a@v1.0.0.zip", Assert.Single(site.Aside()), StringComparison.Ordinal);
        Assert.Equal(0, site.Index.Bytes);
    }

    [Fact]
    public async Task Open_FileEvictedWhileItIsHashed_IsNotCounted()
    {
        var gate = new HashGate();
        await using var site = new DiskSite(hash: gate.HashAsync);
        var record = await CommittedBeforeStartAsync(site, ArtifactKind.Zip, Old);
        site.Index.Found("example.com/a/@v/v1.0.0", ArtifactKind.Zip, Old.Length, used: 1);
        var opening = site.Disk.OpenReadOrNullAsync(record, ArtifactKind.Zip, Cancel).AsTask();
        await gate.Entered;
        var evicting = site.Disk.EvictAsync(Module, ArtifactKind.Zip, uint.MaxValue, Cancel);
        Assert.Equal(4096, await evicting.WaitAsync(TimeSpan.FromMinutes(1), Cancel));
        gate.Open();

        Assert.Null(await opening);
        Assert.Equal(0, site.Index.Bytes);
        Assert.Null(site.Cache.FindOrNull(DiskStore.KeyOf(Module, ArtifactKind.Zip)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1 << 20)]
    public async Task Open_FileThatSomebodyTookAway_IsNotCountedAnyMore(int memory)
    {
        await using var site = new DiskSite(options => options.MemoryMaxArtifactBytes = memory);
        var record = (await site.CommitAsync(Module, ArtifactKind.Zip, Old)).Record;
        await site.LoseBytesAsync(record, ArtifactKind.Zip);

        Assert.Null(await site.Disk.OpenReadOrNullAsync(record, ArtifactKind.Zip, Cancel));

        Assert.Equal(0, site.Index.Bytes);
        Assert.Null(site.Cache.FindOrNull(DiskStore.KeyOf(Module, ArtifactKind.Zip)));
    }

    [Fact]
    public async Task Evict_FileThatSomebodyTookAway_FreesNothingAndLeavesTheRecordToTellOfIt()
    {
        await using var site = new DiskSite();
        var record = (await site.CommitAsync(Module, ArtifactKind.Zip, Old)).Record;
        await site.LoseBytesAsync(record, ArtifactKind.Zip);

        Assert.Equal(0, await site.Disk.EvictAsync(Module, ArtifactKind.Zip, uint.MaxValue, Cancel));

        Assert.Equal(0, site.Index.Bytes);
        Assert.Null(site.Disk.FindRecordOrNull(Module)!.Zip!.Evicted);
    }

    [Fact]
    public async Task Commit_WhileALargeZipIsHashed_IsNotHeldUp()
    {
        var gate = new HashGate();
        await using var site = new DiskSite(hash: gate.HashAsync);
        var record = await CommittedBeforeStartAsync(site, ArtifactKind.Zip, Old);
        var opening = site.Disk.OpenReadOrNullAsync(record, ArtifactKind.Zip, Cancel).AsTask();
        await gate.Entered;

        var commit = await site.CommitAsync(Module, ArtifactKind.Mod, [1]).WaitAsync(TimeSpan.FromMinutes(1), Cancel);

        Assert.Equal(CommitStatus.Committed, commit.Status);
        gate.Open();
        using var content = await opening;
        Assert.Equal(commit.Record.Zip, content!.Artifact.Stored);
    }

    [Fact]
    public async Task Commit_WhileTheZipIsFlushed_IsNotHeldUp()
    {
        using var flush = new StuckFlush();
        await using var site = new DiskSite(flush: flush);
        var zip = Task.Run(() => site.CommitAsync(Module, ArtifactKind.Zip, Old), Cancel);
        await flush.Stuck;

        var mod = await Task.Run(() => site.CommitAsync(Module, ArtifactKind.Mod, [1]), Cancel).WaitAsync(TimeSpan.FromMinutes(1), Cancel);

        Assert.Equal(CommitStatus.Committed, mod.Status);
        flush.Release();
        Assert.Equal(mod.Record.Mod, (await zip).Record.Mod);
        Assert.Equal(Old, await site.ReadOrNullAsync(Module, ArtifactKind.Zip));
    }

    // ---- One piece of work for all who ask

    [Fact]
    public async Task Open_SixteenAtOnce_HashALargeZipOnceAndRememberIt()
    {
        var gate = new HashGate();
        await using var site = new DiskSite(hash: gate.HashAsync);
        var record = await CommittedBeforeStartAsync(site, ArtifactKind.Zip, Old);
        var opening = Enumerable.Range(0, 16).Select(_ => site.Disk.OpenReadOrNullAsync(record, ArtifactKind.Zip, Cancel).AsTask()).ToList();
        await gate.Entered;
        gate.Open();

        foreach (var content in await Task.WhenAll(opening))
        {
            Assert.NotNull(content!.File);
            content.Dispose();
        }

        using var again = await site.Disk.OpenReadOrNullAsync(record, ArtifactKind.Zip, Cancel);
        Assert.NotNull(again);
        Assert.Equal(1, gate.Calls);
    }

    [Fact]
    public async Task Open_AskerLeaves_TheWorkGoesOnAndNoHandleStaysOpen()
    {
        var gate = new HashGate();
        await using var site = new DiskSite(hash: gate.HashAsync);
        var record = await CommittedBeforeStartAsync(site, ArtifactKind.Zip, Old);
        using var leaves = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var left = site.Disk.OpenReadOrNullAsync(record, ArtifactKind.Zip, leaves.Token).AsTask();
        await gate.Entered;
        var stayed = site.Disk.OpenReadOrNullAsync(record, ArtifactKind.Zip, Cancel).AsTask();
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        gate.Open();

        (await stayed)!.Dispose();
        Assert.Equal(1, gate.Calls);
        Assert.Equal(0, OpenHandlesOf(site.Tree.ArtifactPath(Module, ArtifactKind.Zip)));
    }

    // ---- Parsed records

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
        var record = await CommittedBeforeStartAsync(site, ArtifactKind.Zip, Old);
        var opening = site.Disk.OpenReadOrNullAsync(record, ArtifactKind.Zip, Cancel).AsTask();
        await gate.Entered;
        Assert.True(await site.Store.DeleteAsync(Module, Cancel).WaitAsync(TimeSpan.FromMinutes(1), Cancel));
        gate.Open();

        Assert.Null(await opening);
        Assert.Equal((0, 0), (site.Cache.Bytes, site.Index.Bytes));
    }

    // ---- A disk that cannot be read

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
        var record = await CommittedBeforeStartAsync(site, ArtifactKind.Zip, Old);

        Assert.Null(await site.Disk.OpenReadOrNullAsync(record, ArtifactKind.Zip, Cancel));

        Assert.Single(site.Aside());
        Assert.Equal(CommitStatus.Committed, (await site.CommitAsync(record, ArtifactKind.Zip, Old)).Status);
    }

    [Fact]
    public async Task Open_FileThatMayBeReadLater_IsAStoreExceptionAndNotSetAside()
    {
        await using var site = new DiskSite(hash: (_, _) => throw new StoreException("later", new IOException("EMFILE", 24)));
        var record = await CommittedBeforeStartAsync(site, ArtifactKind.Zip, Old);

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
        File.WriteAllText(site.Tree.RecordPath(Module), NewerFormat);

        Assert.Equal(4096, await site.Disk.EvictAsync(Module, ArtifactKind.Zip, uint.MaxValue, Cancel));

        Assert.Equal(NewerFormat, File.ReadAllText(site.Tree.RecordPath(Module)));
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

    // ---- Records that this program cannot read

    private const string NewerFormat = """{"format":2,"module":"something else"}""";

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

    private static async Task<DamagedArtifact> DamagedAsync(DiskSite site)
    {
        var check = await new StoreVerification(site.Tree).CheckAsync(
            site.Tree.RecordPath(Module), new Dictionary<string, GoModules.Notes.VerifierKey>(), Cancel);
        return Assert.Single(check.Damaged);
    }

    /// <summary>As after a restart: on the disk, and nothing in memory.</summary>
    private static async Task<ModuleRecord> CommittedBeforeStartAsync(DiskSite site, ArtifactKind kind, byte[] bytes)
    {
        var record = (await site.CommitAsync(Module, kind, bytes)).Record;
        site.Cache.Remove(DiskStore.KeyOf(Module, kind));
        return record;
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

    private static int OpenHandlesOf(string path) => OperatingSystem.IsLinux()
        ? Directory.GetFiles("/proc/self/fd").Count(handle => new FileInfo(handle).LinkTarget == path)
        : 0;

    /// <summary>Hashes once a test lets it.</summary>
    private sealed class HashGate
    {
        private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _calls;

        public Task Entered => _entered.Task;

        public int Calls => _calls;

        public void Open() => _open.TrySetResult();

        public async ValueTask<Digest> HashAsync(SafeFileHandle file, CancellationToken cancel)
        {
            Interlocked.Increment(ref _calls);
            _entered.TrySetResult();
            await _open.Task.WaitAsync(cancel);
            return await DiskFile.HashAsync(file, cancel);
        }
    }

    /// <summary>The first file takes until a test lets it.</summary>
    private sealed class StuckFlush : IFlush, IDisposable
    {
        private readonly TaskCompletionSource _stuck = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _released = new();

        public Task Stuck => _stuck.Task;

        public void Release() => _released.Set();

        public void File(SafeFileHandle file)
        {
            if (_stuck.TrySetResult())
                _released.Wait();
        }

        public void Directory(string path)
        {
        }

        public void Dispose() => _released.Dispose();
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
