using ProxyCluster.Audit;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;
using ProxyCluster.Storage.Blobs;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Copies;

/// <summary>
/// Copies an artifact from the region's shared store to this silo's disk, where there is such a store.
/// <para>
/// The shared store is trusted no more than a peer (<see cref="ArtifactCopy"/>). What it holds and does not hold up is
/// refused and reported, and stays: about a record that does not hold people have to say who is right, and bytes are
/// replaced by whoever brings better ones (<see cref="ToSharedStore"/>).
/// </para>
/// <para>
/// Whatever the store does, the answer is a record or null, and null means: look elsewhere. It must answer, and go on answering, within a limit, and after a failure it is left alone for a moment: a
/// store that hangs costs one request per moment its patience and the others nothing.
/// </para>
/// </summary>
internal sealed partial class SharedFill
{
    private readonly BlobStore? _shared;
    private readonly BlobStoreOptions _options;
    private readonly ToSharedStore _target;
    private readonly ArtifactCopy _copy;
    private readonly ProxyMetrics _metrics;
    private readonly AuditLog? _audit;
    private readonly TimeProvider _clock;
    private readonly ILogger<SharedFill> _logger;
    private long _restsUntil = long.MinValue;

    public SharedFill(
        RegionalStore region,
        ToSharedStore target,
        ArtifactCopy copy,
        ProxyMetrics metrics,
        TimeProvider clock,
        ILogger<SharedFill> logger,
        AuditLog? audit = null)
    {
        _shared = region.Blobs;
        _options = region.Options;
        _target = target;
        _copy = copy;
        _metrics = metrics;
        _clock = clock;
        _logger = logger;
        _audit = audit;
    }

    /// <summary>
    /// The disk's record of an artifact that was copied from the shared store; null when that does not have it, cannot be
    /// read now, or holds what cannot be believed.
    /// </summary>
    public async ValueTask<ModuleRecord?> FillOrNullAsync(ModuleVersion module, ArtifactKind kind, CancellationToken cancel)
    {
        if (_shared is null || _clock.GetTimestamp() < Volatile.Read(ref _restsUntil))
            return null;

        using var late = new CancellationTokenSource(_options.AnswerTimeout, _clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            return await FillAsync(_shared, module, kind, () => late.CancelAfter(_options.AnswerTimeout), both.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Failed(module, $"it stayed silent for {_options.AnswerTimeout}");
        }
        catch (Exception e) when (e is StoreException or IOException)
        {
            return Failed(module, e.Message);
        }
    }

    private async Task<ModuleRecord?> FillAsync(
        BlobStore shared, ModuleVersion module, ArtifactKind kind, Action sign, CancellationToken cancel)
    {
        if (await shared.FindRecordOrNullAsync(module, cancel) is not { } said || said.ArtifactOrNull(kind) is null)
            return Counted("absent");
        sign();
        var result = await _copy.TakeAsync(
            said,
            module,
            kind,
            async () =>
            {
                var content = await shared.OpenOrNullAsync(said, kind, cancel);
                sign();
                return content;
            },
            shared.Name,
            sign,
            cancel);
        switch (result.Status)
        {
            case CopyStatus.Committed:
                Counted("found");
                return result.Record;
            case CopyStatus.Absent:
                return Counted("absent");
            case CopyStatus.Undecided:
                return Counted("undecided");
            case CopyStatus.Void:
                return Counted("void");
            case CopyStatus.WrongBytes or CopyStatus.Short:
                _target.Doubt(module, kind, result.Why);
                return Rejected(module, kind, result.Why);
            default:
                return Rejected(module, kind, result.Why);
        }
    }

    private ModuleRecord? Counted(string outcome)
    {
        _metrics.SharedReads.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        return null;
    }

    private ModuleRecord? Rejected(ModuleVersion module, ArtifactKind kind, string why)
    {
        _metrics.Rejections.Add(1, new("artifact", DiskStore.LabelOf(kind)), new("cause", "shared-store"));
        Log.Rejected(_logger, DiskStore.LabelOf(kind), module.Path.Value, module.Version, why);
        _audit?.Note(AuditEvent.Integrity(_clock.GetUtcNow(), "shared-store", module, kind, "shared-store", why));
        return Counted("rejected");
    }

    private ModuleRecord? Failed(ModuleVersion module, string why)
    {
        var rest = (long)(_options.RestAfterFailure.TotalSeconds * _clock.TimestampFrequency);
        Volatile.Write(ref _restsUntil, _clock.GetTimestamp() + rest);
        Log.Failed(_logger, module.Path.Value, module.Version, _options.RestAfterFailure, why);
        return Counted("failed");
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Rejected {Artifact} of {Module}@{Version} from the shared store, nothing was stored: {Reason}")]
        public static partial void Rejected(ILogger logger, string artifact, string module, string version, string reason);

        [LoggerMessage(LogLevel.Warning, "Reading {Module}@{Version} from the shared store failed, it is left alone for {Rest}: {Reason}")]
        public static partial void Failed(ILogger logger, string module, string version, TimeSpan rest, string reason);
    }
}
