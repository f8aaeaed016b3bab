using Microsoft.Win32.SafeHandles;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;

namespace ProxyCluster.Tests.Storage;

/// <summary>Readers beside commits, and one piece of work for all who ask for the same.</summary>
public sealed class DiskStoreTests
{
    private static readonly ModuleVersion Module = StoreSite.Module();
    private static readonly byte[] Old = StoreSite.Bytes(1000);
    private static readonly byte[] New = StoreSite.Bytes(1000, 2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

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
        var record = await site.CommitBeforeStartAsync(Module, ArtifactKind.Zip, Old);
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
        var record = await site.CommitBeforeStartAsync(Module, ArtifactKind.Zip, Old);
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
        var record = await site.CommitBeforeStartAsync(Module, ArtifactKind.Zip, Old);
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

    [Fact]
    public async Task Open_SixteenAtOnce_HashALargeZipOnceAndRememberIt()
    {
        var gate = new HashGate();
        await using var site = new DiskSite(hash: gate.HashAsync);
        var record = await site.CommitBeforeStartAsync(Module, ArtifactKind.Zip, Old);
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
        var record = await site.CommitBeforeStartAsync(Module, ArtifactKind.Zip, Old);
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

    private static async Task<DamagedArtifact> DamagedAsync(DiskSite site)
    {
        var check = await new StoreVerification(site.Tree).CheckAsync(
            site.Tree.RecordPath(Module), new Dictionary<string, GoModules.Notes.VerifierKey>(), Cancel);
        return Assert.Single(check.Damaged);
    }

    private static int OpenHandlesOf(string path) => OperatingSystem.IsLinux()
        ? Directory.GetFiles("/proc/self/fd").Count(handle => new FileInfo(handle).LinkTarget == path)
        : 0;

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
}
