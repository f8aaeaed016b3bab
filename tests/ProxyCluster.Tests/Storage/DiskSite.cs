using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Tests.Storage;

/// <summary>A data directory. One process at a time may use it, so there is one view of it.</summary>
internal sealed class DiskSite : StoreSite
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<ProxyMetrics>().BuildServiceProvider();
    private readonly HotCache _cache;
    private readonly DataTree _tree;
    private readonly DiskStore _store;

    public DiskSite()
    {
        // Without memory in front: what is asked of the store is asked of the disk.
        var options = Options.Create(new StorageOptions { Data = Scratch["data"], MemoryMaxArtifactBytes = 0 });
        _tree = new DataTree(options.Value.Data);
        _tree.Prepare();
        _cache = new HotCache(options);
        var metrics = _services.GetRequiredService<ProxyMetrics>();
        _store = new DiskStore(
            _tree, _cache, new StoreIndex(TimeProvider.System, _cache, metrics), new SpaceAlarm(), new DiskFlush(), options, metrics,
            TimeProvider.System, NullLogger<DiskStore>.Instance);
    }

    public override IArtifactStore Store => _store;

    public override IArtifactStore Other => _store;

    public override async Task LeaveBytesAsync(ModuleVersion module, ArtifactKind kind, byte[] bytes)
    {
        var path = _tree.ArtifactPath(module, kind);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
    }

    public override Task LoseBytesAsync(ModuleRecord record, ArtifactKind kind)
    {
        File.Delete(_tree.ArtifactPath(record.Module, kind));
        return Task.CompletedTask;
    }

    protected override string NewTemporary() => _tree.NewTemporary("test");

    public override async ValueTask DisposeAsync()
    {
        _cache.Dispose();
        await _services.DisposeAsync();
        await base.DisposeAsync();
    }
}
