using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Runtime.Placement.Filtering;
using ProxyCluster.Placement;
using ProxyCluster.Silos;

namespace ProxyCluster.Grains;

/// <summary>The authority's ear in a region; its key is the region's name.</summary>
internal interface IRegionHealthGrain : IGrainWithStringKey
{
    /// <summary>Takes a member's health report, as JSON; completes when the authority has it.</summary>
    [AlwaysInterleave]
    Task ReportAsync(byte[] report);
}

/// <summary>
/// Collects a region's health reports inside of the region and hands them on together: one call across the ocean at a
/// time, however many members report. What arrives during one goes with the next.
/// <para>
/// It may die with its silo, and a region must not look silent for that: a member whose report it does not take goes to
/// the authority directly (<see cref="Failover.AuthorityCalls"/>), within the same interval.
/// </para>
/// </summary>
[RendezvousPlacement]
[UsableSilosFilter(order: 0)]
[PreferredMatchSiloMetadataPlacementFilter(["region"], minCandidates: 1, order: 1)]
internal sealed class RegionHealthGrain(OrleansEngine engine, ISiloPostClient post) : Grain, IRegionHealthGrain
{
    private List<byte[]> _arrived = [];
    private Task _underWay = Task.CompletedTask;
    private Task? _next;

    /// <inheritdoc/>
    public Task ReportAsync(byte[] report)
    {
        _arrived.Add(report);
        return _next ??= HandOnAsync(_underWay);
    }

    private async Task HandOnAsync(Task before)
    {
        // In a later turn, so that the caller has noted us as the next.
        await Task.Yield();
        await before.ContinueWith(static _ => { }, TaskScheduler.Current);
        var reports = _arrived;
        _arrived = [];
        (_underWay, _next) = (_next ?? Task.CompletedTask, null);
        if (engine.Term is not { } term)
            throw new OrleansException("nobody is known to hold the office");
        await post.Of(term.Holder).HearAsync(reports);
    }
}
