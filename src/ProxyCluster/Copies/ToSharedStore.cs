using System.Collections.Concurrent;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;
using ProxyCluster.Storage.Blobs;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Copies;

/// <summary>
/// The region's shared store, which gets a copy of all that this silo fetched or copied from elsewhere.
/// <para>
/// A store that refuses us ends the start, because only a changed setting helps. One that does not answer does not: a silo
/// that restarts while the cloud is away must go on serving from its disk.
/// </para>
/// <para>
/// <b>Damage.</b> Bytes in the store that are not those of their record keep equal ones from being stored again. But that
/// they are not is the opinion of one reader, whose memory or line may be what is bad, and the store's is the durable copy:
/// reading never removes anything. It notes a doubt; whoever then brings proven bytes from elsewhere looks again
/// (<see cref="SecondLook"/>), and replaces the blob, if it still is the one that was looked at, only when its own copy
/// proves sound by the same look; and <see cref="MaxReplaced"/> of them in an hour, because storage rots rarely, and
/// whoever finds much of it is likelier to be wrong. Roads not taken: the word of a second silo, which a region may not
/// have; removing without anything to put in the place, which leaves the region without bytes that may have been good.
/// </para>
/// </summary>
internal sealed partial class ToSharedStore(
    RegionalStore region, DataTree tree, DiskStore disk, ProxyMetrics metrics, TimeProvider clock, ILogger<ToSharedStore> logger) : ICopyTarget
{
    /// <summary>Blobs replaced within an hour.</summary>
    internal const int MaxReplaced = 4;

    // More than a store that rots; a silo that doubts everything does not fill its memory with that.
    private const int MaxDoubts = 1000;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<(ModuleVersion, ArtifactKind), string> _doubts = new();

    // Guarded by itself: when blobs were replaced.
    private readonly Queue<long> _replaced = new();

    private volatile bool _isReady;

    public string Notes => tree.OwedToSharedStore;

    public int MaxWaiting => region.Options.MaxWaiting;

    public bool KeepsNewest => true;

    public int Parallel => region.Blobs is null ? 0 : region.Options.Parallel;

    public int Attempts => region.Options.Attempts;

    public TimeSpan FirstPause => region.Options.AttemptPause;

    public TimeSpan LongestPause { get; } = TimeSpan.FromMinutes(1);

    public TimeSpan AtOnceWithin => region.Options.WriteMode == "before-answer" ? region.Options.NetworkTimeout : TimeSpan.Zero;

    public TimeSpan StopPatience => _isReady ? region.Options.NetworkTimeout : TimeSpan.Zero;

    /// <inheritdoc/>
    /// <exception cref="StoreException">The container is missing or refuses us.</exception>
    public async Task CheckAsync(CancellationToken cancel)
    {
        switch (await region.CheckAsync(cancel))
        {
            case { State: ContainerState.Missing or ContainerState.Refused, Sentence: var sentence }:
                throw new StoreException($"the shared store cannot be used: {sentence}");
            case { State: ContainerState.Unreachable, Sentence: var sentence }:
                Log.Unreachable(logger, sentence);
                break;
            case { State: ContainerState.Ready }:
                _isReady = true;
                break;
        }
    }

    public IEnumerable<string> OwedTo(ModuleRecord record, ArtifactKind kind) =>
        region.Blobs?.Fits(record.Module) == true ? [OwedCopy.SharedStore] : [];

    /// <summary>This silo read other bytes in the store than there should be.</summary>
    public void Doubt(ModuleVersion module, ArtifactKind kind, string why)
    {
        if (_doubts.Count < MaxDoubts)
            _doubts[(module, kind)] = why;
    }

    /// <summary>Whether it did so, and nobody has looked again yet.</summary>
    public bool IsDoubted(ModuleVersion module, ArtifactKind kind) => _doubts.ContainsKey((module, kind));

    public async Task<HandOut> TryAsync(OwedCopy copy, int number, CancellationToken cancel)
    {
        try
        {
            // The container may have been away at the start, or have gone since.
            if (!_isReady)
            {
                if (await region.CheckAsync(cancel) is { State: not ContainerState.Ready } check)
                    return HandOut.Failed(check.Sentence);
                _isReady = true;
            }

            // What the disk does not hold any more is somebody else's to hand over.
            var record = disk.FindRecordOrNull(copy.Module);
            await using var content = record is null ? null : await disk.OpenStreamOrNullAsync(record, copy.Kind, cancel);
            if (content is null)
                return HandOut.Settled("gone");

            if (_doubts.TryGetValue((copy.Module, copy.Kind), out var doubt))
                await LookAgainAsync(region.Blobs!, record!, copy.Kind, doubt, content, cancel);
            var result = await region.Blobs!.CommitAsync(record!, copy.Kind, content, cancel);
            return HandOut.Settled(result.Status switch
            {
                CommitStatus.Committed => "ok",
                CommitStatus.AlreadyStored => "known",
                _ => "conflict",
            });
        }
        catch (StoreException e)
        {
            _isReady = false;
            return HandOut.Failed(e.Message);
        }
        catch (IOException e)
        {
            return HandOut.Failed(e.Message); // the disk's
        }
    }

    public string? SubstituteOrNull(OwedCopy copy, Func<string, bool> isOwed) => null;

    public void Count(OwedCopy copy, string outcome) =>
        metrics.SharedWrites.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Observe(Func<ICollection<OwedCopy>> owed)
    {
        if (region.Blobs is null)
            return;
        metrics.ObserveSharedWrites(
            () => owed().Count,
            () => owed().Sum(static copy => copy.Bytes),
            () => owed().Select(copy => (long)(clock.GetUtcNow() - copy.Since).TotalSeconds).DefaultIfEmpty().Max());
    }

    private async Task LookAgainAsync(
        BlobStore shared, ModuleRecord ours, ArtifactKind kind, string doubt, Stream content, CancellationToken cancel)
    {
        var theirs = await shared.FindRecordOrNullAsync(ours.Module, cancel);
        await using var suspect = theirs is null ? null : await shared.OpenOrNullAsync(theirs, kind, cancel);
        if (suspect is not null)
        {
            var seen = await SecondLook.RunAsync(
                suspect, theirs!.ArtifactOrNull(kind)!.Sha256, content, ours.ArtifactOrNull(kind)!.Sha256, cancel);
            content.Position = 0;
            if (seen == Seen.Damaged && TryReplace())
                await shared.DiscardAsync(suspect.Blob, doubt, cancel);
            else
                Log.LeftAlone(logger, suspect.Blob.Name, seen, doubt);
        }

        _doubts.TryRemove((ours.Module, kind), out _);
    }

    private bool TryReplace()
    {
        lock (_replaced)
        {
            while (_replaced.TryPeek(out var first) && clock.GetElapsedTime(first) >= Hour)
                _replaced.Dequeue();
            if (_replaced.Count >= MaxReplaced)
                return false;
            _replaced.Enqueue(clock.GetTimestamp());
            return true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Shared store did not answer at the start and is tried again later: {Reason}")]
        public static partial void Unreachable(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Error, "Blob {Blob} of the shared store was read wrongly and left alone, a second look found {Seen}: {Reason}")]
        public static partial void LeftAlone(ILogger logger, string blob, Seen seen, string reason);
    }
}
