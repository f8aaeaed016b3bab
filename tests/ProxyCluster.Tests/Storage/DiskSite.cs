using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Storage;

/// <summary>A data directory. One process at a time may use it, so there is one view of it.</summary>
internal sealed class DiskSite : StoreSite
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<ProxyMetrics>().BuildServiceProvider();

    /// <param name="set">Changes the options, under which nothing is kept in memory: what is asked of the store is asked of the disk.</param>
    /// <param name="noSum">Modules outside of the checksum database.</param>
    /// <param name="flush">Flushes; null for the disk's own.</param>
    /// <param name="hash">Hashes large files; null for the store's own.</param>
    public DiskSite(
        Action<StorageOptions>? set = null,
        string noSum = "",
        IFlush? flush = null,
        Func<SafeFileHandle, CancellationToken, ValueTask<Digest>>? hash = null)
    {
        var options = new StorageOptions { Data = Scratch["data"], MemoryMaxArtifactBytes = 0 };
        set?.Invoke(options);
        var wrapped = Options.Create(options);
        Tree = new DataTree(options.Data);
        Tree.Prepare();
        Cache = new HotCache(wrapped);
        var metrics = _services.GetRequiredService<ProxyMetrics>();
        Index = new StoreIndex(Clock, Cache, metrics);
        Disk = new DiskStore(
            Tree,
            Cache,
            Index,
            new Quarantine(Tree, wrapped, Clock, NullLogger<Quarantine>.Instance),
            new DiskRecords(
                Tree, Cache, new PinnedModules(Options.Create(new VerificationOptions { NoSumDb = noSum })), NullLogger<DiskRecords>.Instance),
            new SpaceAlarm(),
            flush ?? new DiskFlush(),
            Rulings,
            wrapped,
            metrics,
            Clock,
            NullLogger<DiskStore>.Instance)
        {
            Hash = hash ?? DiskFile.HashAsync,
        };
    }

    public ManualTimeProvider Clock { get; } = new();

    public DataTree Tree { get; }

    public HotCache Cache { get; }

    public StoreIndex Index { get; }

    public DiskStore Disk { get; }

    public override IArtifactStore Store => Disk;

    public override IArtifactStore Other => Disk;

    /// <summary>Commits, as before a restart: on the disk, and nothing in memory.</summary>
    public async Task<ModuleRecord> CommitBeforeStartAsync(ModuleVersion module, ArtifactKind kind, byte[] bytes)
    {
        var record = (await CommitAsync(module, kind, bytes)).Record;
        Cache.Remove(DiskStore.KeyOf(module, kind));
        return record;
    }

    /// <summary>Names of what was set aside, oldest first.</summary>
    public IReadOnlyList<string> Aside() =>
        [.. Directory.GetFiles(Tree.Quarantine).Order(StringComparer.Ordinal).Select(file => Path.GetFileName(file)!)];

    public override async Task LeaveBytesAsync(ModuleVersion module, ArtifactKind kind, byte[] bytes)
    {
        var path = Tree.ArtifactPath(module, kind);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
    }

    public override Task LoseBytesAsync(ModuleRecord record, ArtifactKind kind)
    {
        File.Delete(Tree.ArtifactPath(record.Module, kind));
        return Task.CompletedTask;
    }

    protected override string NewTemporary() => Tree.NewTemporary("test");

    public override async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await base.DisposeAsync();
    }
}
