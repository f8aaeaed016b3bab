using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Joining;
using ProxyCluster.Routing;
using ProxyCluster.Storage;

namespace ProxyCluster.Failover;

/// <summary>
/// Has the list of what a region's shared store holds written into that store, so that a region that is built anew can be filled by it:
/// when the region goes out of service or has an alert, and now and then, since a region that dies at once writes nothing any more.
/// <para>
/// The store holds all that the region's silos committed, so its own list is the region's, and any silo can write it. Its name is the time
/// of the reason, which all silos of the region know alike: the first writes, by the order of their ids, and the next looks a while later
/// whether it did.
/// </para>
/// </summary>
internal sealed partial class RegionSnapshots(
    ClusterSelf self, RegionalStore region, IOptions<FailoverOptions> options, TimeProvider clock, ILogger<RegionSnapshots> logger) : HostedLoop(clock, logger)
{
    /// <summary>How often it looks, and how long the next silo waits for the one before.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private long? _seen;
    private SnapshotReason? _owed;
    private DateTimeOffset? _last;

    /// <inheritdoc/>
    protected override IEnumerable<Turn> Strands => options.Value.Snapshots && region.Blobs is not null && !self.IsFrontEnd ? [TurnAsync] : [];

    private async Task<bool> TurnAsync(CancellationToken stop)
    {
        await Task.Delay(Pause, Clock, stop);
        await LookAsync(stop);
        return true;
    }

    /// <summary>Looks once.</summary>
    internal async Task LookAsync(CancellationToken cancel)
    {
        // What happened before this process came was others' reason.
        var table = self.View.Routing;
        var since = _seen ??= table.LastEventId;
        _owed = SnapshotReason.OrNull(table, self.Region, since) ?? _owed ?? SnapshotReason.OfTimeOrNull(Clock.GetUtcNow(), _last, options.Value.SnapshotEvery);
        _seen = Math.Max(since, table.LastEventId);
        if (_owed is not { } reason || Clock.GetUtcNow() - reason.Time < Rank() * Pause)
            return;

        try
        {
            var head = $"proxycluster index 1: region {self.Region} at {reason.Time:O}: {reason.Words}";
            if (await region.Blobs!.WriteIndexAsync(self.Region, reason.Time, head, options.Value.SnapshotsKept, cancel))
                Log.Written(Logger, self.Region, reason.Time, reason.Words);
            (_owed, _last) = (null, reason.Time);
        }
        catch (StoreException e)
        {
            // It stays owed: the loop says so once, and comes again.
            throw new IOException($"the index of {self.Region} was not written: {e.Message}", e);
        }
    }

    private int Rank() => self.View.Members.Count(member =>
        member.IsSilo && member.Region == self.Region && string.CompareOrdinal(member.Id, self.Member.Id) < 0);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Index of {Region} of {Time} was written to its shared store: {Reason}")]
        public static partial void Written(ILogger logger, string region, DateTimeOffset time, string reason);
    }
}

/// <summary>Why a region's index is to be written, and of what time it is: the same on all of its silos.</summary>
internal sealed record SnapshotReason(DateTimeOffset Time, string Words)
{
    /// <summary>The newest reason that the events after a given one have; null for none.</summary>
    public static SnapshotReason? OrNull(RoutingTable table, string region, long since)
    {
        var change = table.Events.LastOrDefault(change => change.Id > since && change.Region == region
            && (change.Kind == RoutingEventKind.Alert || (change.Kind == RoutingEventKind.State && change.To is RegionState.Failed or RegionState.Drained)));
        return change is null ? null : new(change.Time, $"{EventWords.Sentence(change)}");
    }

    /// <summary>The turn of the clock after the last one; null where it is not over, or none is wanted.</summary>
    public static SnapshotReason? OfTimeOrNull(DateTimeOffset now, DateTimeOffset? last, TimeSpan every)
    {
        if (every == TimeSpan.Zero)
            return null;
        var turn = now - TimeSpan.FromTicks(now.UtcTicks % every.Ticks);
        return last >= turn ? null : new(turn, "its time has come");
    }
}
