using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Lines;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Copies;

/// <summary>
/// The next regions of a key's order, which get copies of what this silo fetched as its owner.
/// <para>
/// The owner tells a silo of the region "copy this from me", and that silo fills it like any other artifact from a peer:
/// verified, and committed by its own rules. A region that stays down is replaced by the next one of the order that has
/// none yet, if there is one. Lag per pair of regions is a metric: objects, bytes and the age of the oldest.
/// </para>
/// Regions that are not there at the time of the commit are owed nothing; what they lack they copy when asked.
/// </summary>
internal sealed class ToRegions(
    ClusterSelf self, PeerCalls calls, DataTree tree, IOptions<ReplicationOptions> replication, ProxyMetrics metrics, TimeProvider clock)
    : ICopyTarget
{
    private readonly int _minRegions = replication.Value.MinRegions;

    public CopyPace Pace { get; } = new(
        tree.OwedToRegions,
        replication.Value.MaxWaiting,
        KeepsNewest: false,
        replication.Value.Parallel,
        replication.Value.Attempts,
        replication.Value.RetryPause,
        replication.Value.MaxRetryPause,
        replication.Value.HandOverTimeout,
        AtOnceWithin: TimeSpan.Zero);

    public IEnumerable<string> OwedTo(ModuleRecord record, ArtifactKind kind) =>
        _minRegions <= 1 ? [] : Owed(OtherRegions(record.Module), _minRegions);

    /// <summary>Those of the other regions, in the key's order, that are to hold a copy beside the one that fetched it.</summary>
    public static IEnumerable<string> Owed(IEnumerable<string> others, int minRegions) => others.Take(minRegions - 1);

    public async Task<HandOut> TryAsync(OwedCopy copy, int number, CancellationToken cancel)
    {
        var silos = RegionalOwner.For(copy.Module.ToString(), copy.To, self.View);
        if (silos.IsEmpty || !self.View.Routing.IsUsable(copy.To))
            return HandOut.Failed("the region has no live silo or is out of service");

        var target = silos[(number - 1) % silos.Length];
        var sent = await calls.SendAsync(target, HttpMethod.Post, PeerTarget.Replicate(copy.Module, copy.Kind), null, cancel);
        if (!sent.TryGet(out var response, out var failure))
            return HandOut.Failed(failure.Message);

        using (response)
            return response.IsSuccessStatusCode ? HandOut.Settled("ok")
                : HandOut.Failed($"{target.Id} answered {(int)response.StatusCode}");
    }

    /// <summary>
    /// Behind those that were owed a copy from the beginning. The order is that of the present view, in which a region that
    /// is out of service does not occur.
    /// </summary>
    public string? SubstituteOrNull(OwedCopy copy, Func<string, bool> isOwed) => OtherRegions(copy.Module)
        .Where(region => region != copy.To)
        .Skip(Math.Max(0, _minRegions - 2))
        .FirstOrDefault(region => !isOwed(region));

    public void Count(OwedCopy copy, string outcome) =>
        metrics.Replications.Add(1, new("region", copy.To), new("outcome", outcome));

    public void Observe(Func<ICollection<OwedCopy>> owed)
    {
        metrics.ObserveReplication(
            () => Lag(static copies => copies.LongCount()),
            () => Lag(static copies => copies.Sum(static c => c.Bytes)),
            () => Lag(copies => (long)(clock.GetUtcNow() - copies.Min(static c => c.Since)).TotalSeconds));

        IEnumerable<Measurement<long>> Lag(Func<IEnumerable<OwedCopy>, long> of) => owed()
            .GroupBy(static copy => copy.To, StringComparer.Ordinal)
            .Select(region => new Measurement<long>(
                of(region), new("from", self.Region), new KeyValuePair<string, object?>("to", region.Key)));
    }

    private IEnumerable<string> OtherRegions(ModuleVersion module) => OwnerOrder.OtherRegions(module.ToString(), self.Region, self.View);
}
