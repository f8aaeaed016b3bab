using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Joining;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Storage;

/// <summary>
/// Keeps the store below <see cref="StorageOptions.MaxBytes"/> and the file system above
/// <see cref="StorageOptions.MinFreeBytes"/> by removing the artifacts that were not used for the longest time.
/// <para>
/// <b>What goes.</b> Bytes of <c>.mod</c> and <c>.zip</c>. Records stay: they pin the hashes for good (design rule 2), so
/// what is fetched again must be what was evicted. <c>.info</c> stays with them: it is no larger than its record, and no
/// authority covers it, so what is fetched again could not be held to the first one. An open file outlives its name, so a download that
/// has begun ends as it would have; on Windows the file cannot be removed while it is read, and the next round tries
/// again. The last copy in the cluster of a module under <see cref="KeptModules"/> stays, even above the cap.
/// </para>
/// <para>
/// <b>Last use.</b> The <see cref="StoreIndex"/> knows it. For the next start it is written, in batches, as the
/// modification time of the record's file: one call per module version that was used, no file of its own to grow or to
/// tear, and it means nothing else there. An artifact's own times are out of the question: access times count every
/// background check as a use, where they are kept at all, and a new modification time would have the file hashed again.
/// The price: after a restart the artifacts of one module version count as used together.
/// </para>
/// <para>
/// <b>Counted</b> is what files take on the disk, of artifacts and of what lies beside them (<see cref="BesideFiles"/>), which
/// has bounds of its own. <c>tmp</c> and records are not: the first is gone in a moment, and the second never go. The file
/// system's free bytes feel both. The cap is met after commits, not before:
/// a burst overshoots it until the round that it has set off ends.
/// </para>
/// </summary>
internal sealed partial class Eviction(
    DataTree tree,
    DiskStore store,
    StoreIndex index,
    StoreScan scan,
    BesideFiles beside,
    SpaceAlarm alarm,
    KeptModules kept,
    IOtherHolders others,
    IOptions<StorageOptions> options,
    ProxyMetrics metrics,
    TimeProvider clock,
    ILogger<Eviction> logger) : HostedLoop(clock, logger)
{
    /// <summary>Between two looks, and so how coarse the clock of uses is.</summary>
    internal static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    // Less often than uses come, so that a busy module version costs one call in ten minutes.
    private static readonly TimeSpan WriteUsesEvery = TimeSpan.FromMinutes(10);

    // After a round that could not remove enough, so that other silos are not asked the same thing every ten seconds.
    internal static readonly TimeSpan RestAfterShortfall = TimeSpan.FromMinutes(1);

    private readonly StorageOptions _options = options.Value;
    private readonly SemaphoreSlim _looking = new(1, 1);
    private readonly TaskCompletionSource _indexed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _usesWritten;
    private long? _fellShort;

    /// <summary>Completes when everything that lay on the disk at the start is known.</summary>
    public Task Indexed => _indexed.Task;

    public override void Dispose()
    {
        _looking.Dispose();
        base.Dispose();
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (_options.IsUsed)
            WriteUses(TimeSpan.FromSeconds(1));
    }

    protected override IEnumerable<Turn> Strands => _options.IsUsed ? [TurnAsync] : [];

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (_options.IsUsed)
            metrics.ObserveStoreHeadroom(() => FreeBytes(), () => _options.MaxBytes - index.Taken - index.Beside);
        return base.StartAsync(cancellationToken);
    }

    private async Task<bool> TurnAsync(CancellationToken stop)
    {
        if (!_indexed.Task.IsCompleted)
        {
            await Task.Run(() => Scan(stop), stop);
            _usesWritten = Clock.GetTimestamp();
            _indexed.TrySetResult();
            alarm.Ring();
        }

        using (Clock.CreateTimer(static alarm => ((SpaceAlarm)alarm!).Ring(), alarm, LookEvery, Timeout.InfiniteTimeSpan))
            await alarm.RungAsync(stop);
        await LookAsync(stop);
        return true;
    }

    /// <summary>
    /// One look: the clock moves on, uses are written when it is time, and a round runs when it must. One at a time: two
    /// rounds at once would remove twice what is needed.
    /// </summary>
    internal async Task LookAsync(CancellationToken cancel)
    {
        await _looking.WaitAsync(cancel);
        try
        {
            await Look_NeedsLockAsync(cancel);
        }
        finally
        {
            _looking.Release();
        }
    }

    private async Task Look_NeedsLockAsync(CancellationToken cancel)
    {
        index.Advance();
        if (Clock.GetElapsedTime(_usesWritten) >= WriteUsesEvery)
        {
            _usesWritten = Clock.GetTimestamp();
            WriteUses(WriteUsesEvery);
        }

        var diskFull = alarm.TakeDiskFull();
        beside.LookOnce();
        index.Beside = beside.Taken;
        var need = EvictionRules.BytesToRemove(index.Taken + index.Beside, FreeBytes(), diskFull, _options);
        if (need == 0)
            _fellShort = null;
        else if (diskFull || _fellShort is not { } at || Clock.GetElapsedTime(at) >= RestAfterShortfall)
            await RoundAsync(need, cancel);
    }

    private async Task RoundAsync(long need, CancellationToken cancel)
    {
        var (removed, artifacts, spared) = (0L, 0, 0);
        var coldBefore = StoreIndex.SecondsOf(Clock.GetUtcNow() - EvictionRules.Grace);
        foreach (var cold in index.Coldest(coldBefore))
        {
            if (removed >= need)
                break;

            // Asking others can take long, and the clock of uses must not stand still for that long.
            index.Advance();
            if (!TryNameOf(cold, out var module))
                continue;
            if (!await MayGoAsync(module, cold.Kind, cancel))
            {
                spared++;
                continue;
            }

            var bytes = await store.EvictAsync(module, cold.Kind, coldBefore, cancel);
            removed += bytes;
            artifacts += bytes > 0 ? 1 : 0;
        }

        if (artifacts > 0)
            Log.Evicted(Logger, artifacts, removed, index.Taken + index.Beside);
        if (removed >= need)
        {
            _fellShort = null;
            return;
        }

        if (_fellShort is null)
            Log.FellShort(Logger, need - removed, spared);
        _fellShort = Clock.GetTimestamp();
    }

    private async Task<bool> MayGoAsync(ModuleVersion module, ArtifactKind kind, CancellationToken cancel)
    {
        if (!kept.Contains(module.Path))
            return true;

        // Bytes that no record names are nobody's last copy of anything proven, but nobody asked for them to go either.
        // What is said of them cannot be read: neither.
        try
        {
            return store.FindRecordOrNull(module)?.ArtifactOrNull(kind) is { } stored
                && await others.HoldAsync(module, kind, stored, cancel);
        }
        catch (StoreException)
        {
            return false;
        }
    }

    private static bool TryNameOf(ColdArtifact cold, out ModuleVersion module)
    {
        module = default;
        const string Between = $"/{DataTree.VersionsName}/";
        var at = cold.Stem.LastIndexOf(Between, StringComparison.Ordinal);
        return at > 0
            && ModulePath.TryUnescape(cold.Stem.AsSpan(0, at), out var path, out _)
            && ModuleVersion.TryUnescape(path, cold.Stem.AsSpan(at + Between.Length), out module, out _);
    }

    private void Scan(CancellationToken cancel)
    {
        try
        {
            scan.Run(cancel);
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            // What was not found is not counted and not evicted until it is used.
            Log.ScanFailed(Logger, e);
        }
    }

    private void WriteUses(TimeSpan laterBy)
    {
        foreach (var (stem, used) in index.TakeUnwrittenUses((uint)laterBy.TotalSeconds))
        {
            try
            {
                File.SetLastWriteTimeUtc(tree.RecordPathOf(stem), DateTimeOffset.FromUnixTimeSeconds(used).UtcDateTime);
            }
            catch (Exception e) when (StoreException.IsCause(e))
            {
                // No record: bytes that nobody can see. Or a disk that takes nothing: the next start knows an older use.
            }
        }
    }

    private long FreeBytes() => new DriveInfo(tree.Root).AvailableFreeSpace;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Evicted {Artifacts} artifacts with {Bytes} bytes; {Left} bytes stay")]
        public static partial void Evicted(ILogger logger, int artifacts, long bytes, long left);

        [LoggerMessage(LogLevel.Warning,
            "Eviction fell {Missing} bytes short: the rest was used a moment ago, or is the last copy of a private module ({Kept} artifacts)")]
        public static partial void FellShort(ILogger logger, long missing, int kept);

        [LoggerMessage(LogLevel.Warning, "The walk over the store was interrupted by the disk; what it had not reached is not counted")]
        public static partial void ScanFailed(ILogger logger, Exception e);
    }
}
