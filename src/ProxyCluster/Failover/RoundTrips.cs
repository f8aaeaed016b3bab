using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Joining;
using ProxyCluster.Lines;

namespace ProxyCluster.Failover;

/// <summary>
/// How far away the other regions are: one small call to one silo of each, now and then, smoothed. Only used to order
/// regions, so a missed measurement keeps the last one.
/// </summary>
internal sealed class RoundTrips(
    ClusterSelf self, PeerCalls calls, IOptions<FailoverOptions> options, TimeProvider clock, ILogger<RoundTrips> logger) : HostedLoop(clock, logger)
{
    private const double Weight = 0.3;

    private volatile ImmutableSortedDictionary<string, double> _milliseconds =
        ImmutableSortedDictionary.Create<string, double>(StringComparer.Ordinal);

    /// <summary>Milliseconds by region.</summary>
    public ImmutableSortedDictionary<string, double> Milliseconds => _milliseconds;

    /// <inheritdoc/>
    protected override IEnumerable<Turn> Strands => [TurnAsync];

    private async Task<bool> TurnAsync(CancellationToken stop)
    {
        var interval = options.Value.RoundTripInterval;
        if (interval == TimeSpan.Zero)
            return false;

        // The first one soon: an order of failover is of use from the beginning.
        await Task.Delay(_milliseconds.IsEmpty ? Min(interval, TimeSpan.FromSeconds(1)) : interval, Clock, stop);
        await MeasureAsync(stop);
        return true;
    }

    /// <summary>Measures every other region once.</summary>
    internal async Task MeasureAsync(CancellationToken cancel)
    {
        var silos = self.View.Members.Where(member => member.IsSilo && member.Region != self.Region)
            .GroupBy(static member => member.Region, StringComparer.Ordinal)
            .Select(static region => region.First());
        var measured = await Task.WhenAll(silos.Select(silo => PingAsync(silo, cancel)));
        var next = _milliseconds.ToBuilder();
        foreach (var (region, trip) in measured)
        {
            if (trip is { } milliseconds)
                next[region] = Math.Round(next.TryGetValue(region, out var before) ? before + (Weight * (milliseconds - before)) : milliseconds, 1);
        }

        _milliseconds = next.ToImmutable();
    }

    private async Task<(string Region, double? Milliseconds)> PingAsync(Member silo, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(2), Clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        try
        {
            // The first call may have to open a connection and learn the other's clock; the second one measures.
            for (var call = 0; ; call++)
            {
                var started = Clock.GetTimestamp();
                var sent = await calls.SendAsync(silo, HttpMethod.Get, PeerTarget.Ping, null, both.Token);
                if (!sent.TryGet(out var response, out _))
                    return (silo.Region, null);
                response.Dispose();
                if (call == 1)
                    return (silo.Region, Clock.GetElapsedTime(started).TotalMilliseconds);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return (silo.Region, null);
        }
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
