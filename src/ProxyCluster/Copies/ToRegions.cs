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
    private readonly ReplicationOptions _options = replication.Value;

    public string Notes => tree.OwedToRegions;

    public int MaxWaiting => _options.MaxWaiting;

    public bool KeepsNewest => false;

    public int Parallel => _options.Parallel;

    public int Attempts => _options.Attempts;

    public TimeSpan FirstPause => _options.RetryPause;

    public TimeSpan LongestPause => _options.MaxRetryPause;

    public TimeSpan AtOnceWithin => TimeSpan.Zero;

    public TimeSpan StopPatience => TimeSpan.Zero;

    public Task CheckAsync(CancellationToken cancel) => Task.CompletedTask;

    public IEnumerable<string> OwedTo(ModuleRecord record, ArtifactKind kind) =>
        _options.MinRegions <= 1 ? [] : OtherRegions(record.Module).Take(_options.MinRegions - 1);

    public async Task<HandOut> TryAsync(OwedCopy copy, int number, CancellationToken cancel)
    {
        var silos = RegionalOwner.For(copy.Module.ToString(), copy.To, self.View);
        if (silos.IsEmpty || !self.View.Routing.IsUsable(copy.To))
            return HandOut.Failed("the region has no live silo or is out of service");

        var target = silos[(number - 1) % silos.Length];
        using var limit = new CancellationTokenSource(_options.HandOverTimeout, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            var sent = await calls.SendAsync(target, HttpMethod.Post, PeerTarget.Replicate(copy.Module, copy.Kind), null, both.Token);
            if (!sent.TryGet(out var response, out var failure))
                return HandOut.Failed(failure.Message);

            using (response)
                return response.IsSuccessStatusCode ? HandOut.Settled("ok") : HandOut.Failed($"{target.Id} answered {(int)response.StatusCode}");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return HandOut.Failed($"{target.Id} did not finish in time");
        }
    }

    /// <summary>
    /// Behind those that were owed a copy from the beginning. The order is that of the present view, in which a region that
    /// is out of service does not occur.
    /// </summary>
    public string? SubstituteOrNull(OwedCopy copy, Func<string, bool> isOwed) => OtherRegions(copy.Module)
        .Where(region => region != copy.To)
        .Skip(Math.Max(0, _options.MinRegions - 2))
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

    private IEnumerable<string> OtherRegions(ModuleVersion module) => OwnerOrder.For(module.ToString(), self.View)
        .Select(static m => m.Region)
        .Distinct(StringComparer.Ordinal)
        .Where(region => region != self.Region);
}
