using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage.Blobs;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Storage;

/// <summary>
/// Hands what this silo committed to the region's shared store.
/// <para>
/// The bytes are read from the disk when their turn comes, so that the queue holds names only. It is bounded, each entry is
/// tried a bounded number of times, and it is in memory: what is lost with the process, or dropped, is still on this
/// silo's disk, and the region's other silos copy it from there when they are asked for it. Lag is a metric.
/// </para>
/// <para>
/// A store that refuses us ends the start, because only a changed setting helps. One that does not answer does not: a silo
/// that restarts while the cloud is away must go on serving from its disk.
/// </para>
/// </summary>
internal sealed partial class SharedWrites : BackgroundService
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly BlobStore? _shared;
    private readonly BlobClient? _client;
    private readonly DiskStore _disk;
    private readonly BlobStoreOptions _options;
    private readonly ProxyMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger<SharedWrites> _logger;
    private readonly Channel<Copy> _waiting;
    private readonly ConcurrentDictionary<Copy, long> _owed = new();
    private volatile bool _isReady;

    private sealed record Copy(ModuleVersion Module, ArtifactKind Kind, long Bytes);

    public SharedWrites(
        DiskStore disk,
        IOptions<StorageOptions> options,
        ProxyMetrics metrics,
        TimeProvider clock,
        ILogger<SharedWrites> logger,
        BlobStore? shared = null,
        BlobClient? client = null)
    {
        _shared = shared;
        _client = client;
        _disk = disk;
        _options = options.Value.Blob;
        _metrics = metrics;
        _clock = clock;
        _logger = logger;
        _waiting = Channel.CreateBounded<Copy>(
            new BoundedChannelOptions(_options.MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest },
            copy => Settle(copy, "dropped"));
        if (shared is not null)
        {
            metrics.ObserveSharedWrites(
                () => _owed.Count,
                () => _owed.Keys.Sum(static copy => copy.Bytes),
                () => _owed.Values.Select(since => (long)_clock.GetElapsedTime(since).TotalSeconds).DefaultIfEmpty().Max());
        }
    }

    /// <summary>Artifacts that are not handed over yet.</summary>
    public int Waiting => _owed.Count;

    /// <summary>The startup check: makes the container where that is wanted and tries it.</summary>
    public async Task<ContainerCheck?> CheckAsync(CancellationToken cancel)
    {
        if (_shared is null || _client is null)
            return null;

        var check = await ContainerCheck.RunAsync(_client, _shared, _options, cancel);
        _isReady = check.State == ContainerState.Ready;
        return check;
    }

    /// <inheritdoc/>
    /// <exception cref="StoreException">The container is missing or refuses us.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        switch (await CheckAsync(cancellationToken))
        {
            case { State: ContainerState.Missing or ContainerState.Refused, Sentence: var sentence }:
                throw new StoreException($"the shared store cannot be used: {sentence}");
            case { State: ContainerState.Unreachable, Sentence: var sentence }:
                Log.Unreachable(_logger, sentence);
                break;
        }

        await base.StartAsync(cancellationToken);
    }

    /// <summary>See <see cref="RegionalStore.HandOverAsync"/>.</summary>
    public async ValueTask<bool> HandOverAsync(ModuleRecord record, ArtifactKind kind, CancellationToken cancel)
    {
        if (_shared is null || record.ArtifactOrNull(kind) is not { } stored || !BlobNames.Fits(record.Module))
            return false;

        var copy = new Copy(record.Module, kind, stored.Size);
        if (_options.WriteMode == "before-answer" && await TryHandOverAsync(_shared, copy, cancel) is null)
            return true;

        if (_owed.TryAdd(copy, _clock.GetTimestamp()))
            _waiting.Writer.TryWrite(copy);
        return false;
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => _shared is null
        ? Task.CompletedTask
        : Parallel.ForEachAsync(
            _waiting.Reader.ReadAllAsync(stoppingToken),
            new ParallelOptions { MaxDegreeOfParallelism = _options.Parallel, CancellationToken = stoppingToken },
            (copy, cancel) => HandOverAsync(_shared, copy, cancel));

    private async ValueTask HandOverAsync(BlobStore shared, Copy copy, CancellationToken cancel)
    {
        var pause = _options.AttemptPause;
        for (var attempt = 1; ; attempt++)
        {
            if (await TryHandOverAsync(shared, copy, cancel) is not { } why)
            {
                _owed.TryRemove(copy, out _);
                return;
            }

            if (attempt == _options.Attempts)
            {
                Log.GivenUp(_logger, copy.Module.Path.Value, copy.Module.Version, attempt, why);
                Settle(copy, "dropped");
                return;
            }

            Count("retried");
            await Task.Delay(pause, _clock, cancel);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>One attempt; null when nothing is left to do, otherwise why it may help to try again.</summary>
    private async Task<string?> TryHandOverAsync(BlobStore shared, Copy copy, CancellationToken cancel)
    {
        try
        {
            // The container may have been away at the start, or have gone since.
            if (!_isReady && await CheckAsync(cancel) is { State: not ContainerState.Ready } check)
                return check.Sentence;

            // What the disk does not hold any more is somebody else's to hand over.
            var record = _disk.FindRecordOrNull(copy.Module);
            await using var content = record is null ? null : await _disk.OpenStreamOrNullAsync(record, copy.Kind, cancel);
            if (content is null)
            {
                Count("gone");
                return null;
            }

            var result = await shared.CommitAsync(record!, copy.Kind, content, cancel);
            Count(result.Status switch
            {
                CommitStatus.Committed => "ok",
                CommitStatus.AlreadyStored => "known",
                _ => "conflict",
            });
            return null;
        }
        catch (StoreException e)
        {
            _isReady = false;
            return e.Message;
        }
    }

    private void Settle(Copy copy, string outcome)
    {
        _owed.TryRemove(copy, out _);
        Count(outcome);
    }

    private void Count(string outcome) => _metrics.SharedWrites.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Shared store did not answer at the start and is tried again later: {Reason}")]
        public static partial void Unreachable(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Warning, "Handing {Module}@{Version} to the shared store was given up after {Attempts} attempts: {Reason}")]
        public static partial void GivenUp(ILogger logger, string module, string version, int attempts, string reason);
    }
}
