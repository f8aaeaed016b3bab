using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Storage;

/// <summary>
/// How much the store holds, for metrics, without a walk over it per scrape: counted once in the background after the
/// start, and kept by what is committed and removed from then on. There are no figures until the count is through.
/// <para>
/// The count leaves out what was stored after the start, because its commit has told already. An artifact that is
/// removed before the count comes by is the one case that it misses; the next start puts that right.
/// </para>
/// </summary>
internal sealed partial class StoreTotals : BackgroundService
{
    private static readonly ArtifactKind[] Kinds = Enum.GetValues<ArtifactKind>();

    private readonly DataTree _tree;
    private readonly IOptions<StorageOptions> _options;
    private readonly ILogger<StoreTotals> _logger;
    private readonly DateTimeOffset _start;
    private readonly long[] _artifacts = new long[Kinds.Length];
    private readonly long[] _bytes = new long[Kinds.Length];
    private volatile bool _isCounted;

    public StoreTotals(
        DataTree tree, HotCache cache, IOptions<StorageOptions> options, ProxyMetrics metrics, TimeProvider clock, ILogger<StoreTotals> logger)
    {
        _tree = tree;
        _options = options;
        _logger = logger;
        _start = clock.GetUtcNow();
        metrics.ObserveStore(() => Measure(_artifacts), () => Measure(_bytes));
        metrics.ObserveMemoryCache(() => cache.Bytes);
    }

    /// <summary>An artifact was committed.</summary>
    public void Added(ArtifactKind kind, long size) => Change(kind, 1, size);

    /// <summary>A stored artifact was removed or set aside; <paramref name="size"/> is what its record says.</summary>
    public void Removed(ArtifactKind kind, long size) => Change(kind, -1, -size);

    /// <summary>Counts what an earlier process has stored.</summary>
    internal void Count(CancellationToken cancel)
    {
        foreach (var file in _tree.RecordFiles())
        {
            cancel.ThrowIfCancellationRequested();
            if (ReadOrNull(file) is not { } record)
                continue;

            foreach (var kind in Kinds)
            {
                if (record.ArtifactOrNull(kind) is { } stored && stored.Time < _start
                    && new FileInfo(_tree.ArtifactPath(record.Module, kind)) is { Exists: true } bytes && bytes.Length == stored.Size)
                    Added(kind, stored.Size);
            }
        }

        _isCounted = true;
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        _options.Value.IsUsed ? Task.Run(() => CountOrSayWhyNot(stoppingToken), stoppingToken) : Task.CompletedTask;

    private void CountOrSayWhyNot(CancellationToken cancel)
    {
        try
        {
            Count(cancel);
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            Log.Interrupted(_logger, e.Message);
        }
    }

    // A record that was replaced or removed meanwhile belongs to those that tell by themselves.
    private static ModuleRecord? ReadOrNull(string file)
    {
        try
        {
            return RecordFile.ParseOrNull(File.ReadAllBytes(file), out _);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private void Change(ArtifactKind kind, long artifacts, long bytes)
    {
        Interlocked.Add(ref _artifacts[(int)kind], artifacts);
        Interlocked.Add(ref _bytes[(int)kind], bytes);
    }

    private IEnumerable<Measurement<long>> Measure(long[] figures) => !_isCounted ? [] : Kinds.Select(kind =>
        new Measurement<long>(Volatile.Read(ref figures[(int)kind]), new KeyValuePair<string, object?>("artifact", DiskStore.LabelOf(kind))));

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Count of the stored artifacts was interrupted, there are no store totals until the next start: {Reason}")]
        public static partial void Interrupted(ILogger logger, string reason);
    }
}
