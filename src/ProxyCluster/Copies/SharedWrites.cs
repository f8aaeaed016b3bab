using System.Collections.Concurrent;
using System.Threading.Channels;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Joining;
using ProxyCluster.Storage;
using ProxyCluster.Storage.Blobs;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Copies;

/// <summary>
/// Hands what this silo committed to the region's shared store.
/// <para>
/// The bytes are read from the disk when their turn comes, so that the queue holds names only. What is owed survives a crash
/// (<see cref="OwedNotes"/>); a process that is told to stop hands it over first, as long as the store takes it. The queue
/// is bounded, and an artifact that fails again and again goes to its end, so that it holds up nobody else's. What was
/// dropped is still on this silo's disk, and the region's other silos copy it from there when they are asked for it; what
/// the disk evicts before its turn comes is fetched again by whoever asks, and owed again. Lag is a metric.
/// </para>
/// <para>
/// A store that refuses us ends the start, because only a changed setting helps. One that does not answer does not: a silo
/// that restarts while the cloud is away must go on serving from its disk.
/// </para>
/// </summary>
internal sealed partial class SharedWrites : HostedLoop
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly RegionalStore _region;
    private readonly BlobStore? _shared;
    private readonly DiskStore _disk;
    private readonly BlobStoreOptions _options;
    private readonly ProxyMetrics _metrics;
    private readonly Channel<OwedCopy> _waiting;
    private readonly ConcurrentDictionary<(ModuleVersion, ArtifactKind, string), OwedCopy> _owed = new();
    private readonly OwedNotes _notes;
    private readonly TaskCompletionSource _refusedAtTheEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isReady;
    private volatile bool _isStopping;

    public SharedWrites(
        RegionalStore region, DataTree tree, DiskStore disk, ProxyMetrics metrics, TimeProvider clock, ILoggerFactory loggers)
        : base(clock, loggers.CreateLogger<SharedWrites>())
    {
        _region = region;
        _shared = region.Blobs;
        _disk = disk;
        _options = region.Options;
        _metrics = metrics;
        _notes = new OwedNotes(tree.OwedToSharedStore, tree, disk, loggers.CreateLogger<OwedNotes>());
        _waiting = Channel.CreateBounded<OwedCopy>(
            new BoundedChannelOptions(_options.MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest },
            copy => Settle(copy, "dropped"));
        if (_shared is not null)
        {
            metrics.ObserveSharedWrites(
                () => _owed.Count,
                () => _owed.Values.Sum(static copy => copy.Bytes),
                () => _owed.Values.Select(copy => (long)(Clock.GetUtcNow() - copy.Since).TotalSeconds).DefaultIfEmpty().Max());
        }
    }

    /// <summary>Artifacts that are not handed over yet.</summary>
    public int Waiting => _owed.Count;

    /// <inheritdoc/>
    /// <exception cref="StoreException">The container is missing or refuses us.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        switch (await _region.CheckAsync(cancellationToken))
        {
            case { State: ContainerState.Missing or ContainerState.Refused, Sentence: var sentence }:
                throw new StoreException($"the shared store cannot be used: {sentence}");
            case { State: ContainerState.Unreachable, Sentence: var sentence }:
                Log.Unreachable(Logger, sentence);
                break;
            case { State: ContainerState.Ready }:
                _isReady = true;
                break;
        }

        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // What is owed goes first, unless the store does not take it.
        _isStopping = true;
        _waiting.Writer.TryComplete();
        if (_isReady && ExecuteTask is { } handing)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var end = Task.Delay(_options.NetworkTimeout, Clock, limit.Token);
            await Task.WhenAny(handing, _refusedAtTheEnd.Task, end);
            await limit.CancelAsync();
        }

        await base.StopAsync(cancellationToken);
    }

    /// <summary>
    /// Hands over the disk's copy of what this silo just fetched, as <see cref="BlobStoreOptions.WriteMode"/> says: at once,
    /// and in the background what did not work at once.
    /// </summary>
    public async ValueTask HandOverAsync(ModuleRecord record, ArtifactKind kind, CancellationToken cancel)
    {
        if (CopyOrNull(record, kind) is not { } copy)
            return;

        // Noted first: a process that dies from here on leaves the copy to the next one.
        var isNew = TryOwe(copy);
        var isHandedOver = false;
        try
        {
            isHandedOver = _options.WriteMode == "before-answer" && await TryHandOverInTimeAsync(_shared!, copy, cancel);
        }
        finally
        {
            // Also where the one who asked has left.
            if (isHandedOver)
                Forget(copy);
            else if (isNew)
                _waiting.Writer.TryWrite(copy);
        }
    }

    /// <summary>Hands over the disk's copy of what was just committed, in the background.</summary>
    public void HandOverLater(ModuleRecord record, ArtifactKind kind)
    {
        if (CopyOrNull(record, kind) is { } copy && TryOwe(copy))
            _waiting.Writer.TryWrite(copy);
    }

    private OwedCopy? CopyOrNull(ModuleRecord record, ArtifactKind kind) =>
        _shared is not null && record.ArtifactOrNull(kind) is { } stored && _shared.Fits(record.Module)
            ? new OwedCopy(record.Module, kind, OwedCopy.SharedStore, stored.Size, Clock.GetUtcNow())
            : null;

    protected override IEnumerable<Turn> Strands => _shared is null
        ? []
        : Enumerable.Repeat<Turn>(stop => HandOverNextAsync(_shared, stop), _options.Parallel).Prepend(RecallAsync);

    private Task<bool> RecallAsync(CancellationToken stop)
    {
        foreach (var copy in _notes.ReadAll())
        {
            if (_owed.TryAdd(copy.Key, copy))
                _waiting.Writer.TryWrite(copy);
        }

        return Task.FromResult(false);
    }

    private async Task<bool> HandOverNextAsync(BlobStore shared, CancellationToken stop)
    {
        if (!await _waiting.Reader.WaitToReadAsync(stop))
            return false;
        if (!_waiting.Reader.TryRead(out var copy))
            return true;
        try
        {
            await HandOverAsync(shared, copy, stop);
            return true;
        }
        catch (Exception) when (!stop.IsCancellationRequested)
        {
            // A bug's doing, and the copy is owed still.
            _waiting.Writer.TryWrite(copy);
            throw;
        }
    }

    private async Task HandOverAsync(BlobStore shared, OwedCopy copy, CancellationToken cancel)
    {
        var pause = _options.AttemptPause;
        for (var attempt = 1; ; attempt++)
        {
            if (await TryHandOverAsync(shared, copy, cancel) is not { } why)
            {
                Forget(copy);
                return;
            }

            if (_isStopping)
                _refusedAtTheEnd.TrySetResult();
            Count("retried");
            if (attempt == _options.Attempts)
            {
                // Where this process is about to end, it is the next one's.
                Log.Postponed(Logger, copy.Module.Path.Value, copy.Module.Version, attempt, why);
                _waiting.Writer.TryWrite(copy);
                return;
            }

            await Task.Delay(pause, Clock, cancel);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    // A store that hangs may delay the answer, but not for all its retries.
    private async Task<bool> TryHandOverInTimeAsync(BlobStore shared, OwedCopy copy, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(_options.NetworkTimeout, Clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            return await TryHandOverAsync(shared, copy, both.Token) is null;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>One attempt; null when nothing is left to do, otherwise why it may help to try again.</summary>
    private async Task<string?> TryHandOverAsync(BlobStore shared, OwedCopy copy, CancellationToken cancel)
    {
        try
        {
            // The container may have been away at the start, or have gone since.
            if (!_isReady)
            {
                if (await _region.CheckAsync(cancel) is { State: not ContainerState.Ready } check)
                    return check.Sentence;
                _isReady = true;
            }

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
        catch (IOException e)
        {
            return e.Message; // the disk's
        }
    }

    private bool TryOwe(OwedCopy copy)
    {
        if (!_owed.TryAdd(copy.Key, copy))
            return false;
        _notes.Write(copy);
        return true;
    }

    private void Forget(OwedCopy copy)
    {
        _notes.Delete(copy);
        _owed.TryRemove(copy.Key, out _);
    }

    private void Settle(OwedCopy copy, string outcome)
    {
        Forget(copy);
        Count(outcome);
    }

    private void Count(string outcome) => _metrics.SharedWrites.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Shared store did not answer at the start and is tried again later: {Reason}")]
        public static partial void Unreachable(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Warning, "Handing {Module}@{Version} to the shared store failed {Attempts} times and waits behind the others: {Reason}")]
        public static partial void Postponed(ILogger logger, string module, string version, int attempts, string reason);
    }
}
