using System.Buffers;
using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Joining;
using ProxyCluster.Storage.Blobs;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Storage;

/// <summary>
/// The store that a region's silos share, behind this silo's disk: the durable copy, of which the disks are caches. Does
/// nothing where none is configured.
/// <para>
/// <b>Reading</b>, after a miss on disk: record, then bytes, streamed to a temporary file, held against the record's size
/// and SHA-256 and committed to the disk. The shared store is trusted no more than a peer: whether the record and the
/// content are proven is the caller's to say (<see cref="SharedChecks"/>), before anything is committed. Concurrent askers
/// share one read. Whatever the store does, the answer is a record or null, and null means: look elsewhere. It must begin
/// to answer within a limit, and after a failure it is left alone for a moment, so that a store that is down costs one
/// request per moment its patience and the others nothing.
/// </para>
/// <para>
/// <b>Writing</b>, after a commit that came from elsewhere: the disk's copy is handed over, in the background by default,
/// through <see cref="SharedWrites"/>.
/// </para>
/// </summary>
internal sealed partial class RegionalStore
{
    private readonly BlobStore? _shared;
    private readonly DiskStore _disk;
    private readonly SharedWrites _writes;
    private readonly BlobStoreOptions _options;
    private readonly ProxyMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger<RegionalStore> _logger;
    private readonly JoinedTasks<(ModuleVersion, ArtifactKind), ModuleRecord?> _fills;
    private long _restsUntil;

    public RegionalStore(
        DiskStore disk,
        SharedWrites writes,
        IOptions<StorageOptions> options,
        IHostApplicationLifetime lifetime,
        ProxyMetrics metrics,
        TimeProvider clock,
        ILogger<RegionalStore> logger,
        BlobStore? shared = null)
    {
        _shared = shared;
        _disk = disk;
        _writes = writes;
        _options = options.Value.Blob;
        _metrics = metrics;
        _clock = clock;
        _logger = logger;
        _fills = new(lifetime.ApplicationStopped);
    }

    /// <summary>False where no shared store is configured.</summary>
    public bool IsUsed => _shared is not null;

    /// <summary>
    /// Copies an artifact from the shared store to the disk and gives the disk's record that names it; null when the shared
    /// store does not have it, cannot be read now, or holds what <paramref name="checks"/> refuse.
    /// </summary>
    /// <exception cref="StoreException">The disk takes no data.</exception>
    public async Task<ModuleRecord?> FillOrNullAsync(
        ModuleVersion module, ArtifactKind kind, SharedChecks checks, CancellationToken cancel)
    {
        if (_shared is null || _clock.GetTimestamp() < Volatile.Read(ref _restsUntil))
            return null;

        return await _fills.RunAsync((module, kind), (key, stop) => FillOrNullAsync(_shared, key.Item1, key.Item2, checks, stop), cancel);
    }

    /// <summary>
    /// Hands the disk's copy of what was just committed to the shared store, as <see cref="BlobStoreOptions.WriteMode"/>
    /// says. True when it is there now; false when it will be tried in the background, or no store is configured.
    /// </summary>
    public ValueTask<bool> HandOverAsync(ModuleRecord record, ArtifactKind kind, CancellationToken cancel) =>
        _shared is null ? new(false) : _writes.HandOverAsync(record, kind, cancel);

    private async Task<ModuleRecord?> FillOrNullAsync(
        BlobStore shared, ModuleVersion module, ArtifactKind kind, SharedChecks checks, CancellationToken cancel)
    {
        // Another asker's fill may have ended between the miss and this task.
        if (_disk.FindRecordOrNull(module) is { } known && _disk.HasBytes(known, kind) && checks.RecordFaultOrNull(known, kind) is null)
            return known;

        // 1. Record and first byte, within the limit.
        BlobReadStream? content = null;
        ModuleRecord? record;
        using (var late = new CancellationTokenSource(_options.AnswerTimeout, _clock))
        using (var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token))
        {
            try
            {
                record = await shared.FindRecordOrNullAsync(module, both.Token);
                if (record?.ArtifactOrNull(kind) is null)
                    return Count("absent");
                if (checks.RecordFaultOrNull(record, kind) is { } fault)
                    return Rejected(module, kind, $"its record does not hold: {fault}");
                content = await shared.OpenOrNullAsync(record, kind, both.Token);
            }
            catch (StoreException e)
            {
                return Failed(module, e.Message);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return Failed(module, $"it did not answer within {_options.AnswerTimeout}");
            }
        }

        if (content is null)
            return Count("absent");

        await using (content)
        {
            // 2. Bytes, to a temporary file.
            var stored = record.ArtifactOrNull(kind)!;
            await using var incoming = _disk.CreateIncoming(kind);
            if (await CopyFaultOrNullAsync(content, incoming, stored.Size, cancel) is { } broke)
                return Failed(module, broke);

            // 3. Against the record, and by the caller's rules.
            var bytes = incoming.Complete();
            if (incoming.Size != stored.Size || incoming.Sha256 != stored.Sha256)
            {
                var why = $"{incoming.Size} bytes with SHA-256 {incoming.Sha256}, not {stored.Size} with {stored.Sha256}";
                await TryDiscardAsync(shared, module, content.Blob, why, cancel);
                return Rejected(module, kind, why);
            }

            if (await checks.ContentFaultOrNullAsync(record, kind, bytes, cancel) is { } wrong)
                return Rejected(module, kind, wrong);

            // 4. Ours from here on.
            var proposal = (record with { Info = null, Mod = null, Zip = null })
                .With(kind, stored with { Source = shared.Name, Time = _clock.GetUtcNow() });
            var result = await _disk.CommitAsync(proposal, kind, incoming, cancel);
            if (result.Status == CommitStatus.Conflict)
                return Rejected(module, kind, result.Conflict ?? "it conflicts with the disk");

            Count("found");
            _metrics.StoreReads.Add(1, new("artifact", DiskStore.LabelOf(kind)), new("tier", "shared"));
            return result.Record;
        }
    }

    private static async Task<string?> CopyFaultOrNullAsync(
        Stream content, IncomingArtifact incoming, long size, CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            while (incoming.Size <= size)
            {
                int read;
                try
                {
                    read = await content.ReadAsync(buffer, cancel);
                }
                catch (IOException e)
                {
                    return e.Message;
                }

                if (read == 0)
                    break;
                await incoming.WriteAsync(buffer.AsMemory(0, read), cancel);
            }

            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Equal bytes can only be stored again once these are gone. If that fails, the next reader meets them and tries.
    private static async Task TryDiscardAsync(
        BlobStore shared, ModuleVersion module, BlobProperties blob, string why, CancellationToken cancel)
    {
        try
        {
            await shared.DiscardAsync(module, blob, why, cancel);
        }
        catch (StoreException)
        {
        }
    }

    private ModuleRecord? Count(string outcome)
    {
        _metrics.SharedReads.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        return null;
    }

    private ModuleRecord? Rejected(ModuleVersion module, ArtifactKind kind, string why)
    {
        _metrics.Rejections.Add(1, new("artifact", DiskStore.LabelOf(kind)), new("cause", "shared-store"));
        Log.Rejected(_logger, DiskStore.LabelOf(kind), module.Path.Value, module.Version, why);
        return Count("rejected");
    }

    private ModuleRecord? Failed(ModuleVersion module, string why)
    {
        var ticks = (long)(_options.RestAfterFailure.TotalSeconds * _clock.TimestampFrequency);
        Volatile.Write(ref _restsUntil, _clock.GetTimestamp() + ticks);
        Log.ReadFailed(_logger, module.Path.Value, module.Version, _options.RestAfterFailure, why);
        return Count("failed");
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Rejected {Artifact} of {Module}@{Version} from the shared store, nothing was stored: {Reason}")]
        public static partial void Rejected(ILogger logger, string artifact, string module, string version, string reason);

        [LoggerMessage(LogLevel.Warning, "Reading {Module}@{Version} from the shared store failed, it is left alone for {Rest}: {Reason}")]
        public static partial void ReadFailed(ILogger logger, string module, string version, TimeSpan rest, string reason);
    }
}

/// <summary>What must hold before something from the shared store is committed here; each says what is wrong, or null.</summary>
/// <param name="RecordFaultOrNull">Is the record proven, in a way that today's policy accepts, for this artifact?</param>
/// <param name="ContentFaultOrNullAsync">
/// Do the bytes, whose SHA-256 is the record's, obey the zip rules and have the proven h1? The stream stands at its start.
/// </param>
internal sealed record SharedChecks(
    Func<ModuleRecord, ArtifactKind, string?> RecordFaultOrNull,
    Func<ModuleRecord, ArtifactKind, Stream, CancellationToken, ValueTask<string?>> ContentFaultOrNullAsync);
