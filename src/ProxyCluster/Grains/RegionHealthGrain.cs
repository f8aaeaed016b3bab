using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime.Placement.Filtering;
using ProxyCluster.Placement;
using ProxyCluster.Silos;

namespace ProxyCluster.Grains;

/// <summary>The authority's ear in a region; its key is the region's name.</summary>
internal interface IRegionHealthGrain : IGrainWithStringKey
{
    /// <summary>Takes a member's report; completes with the authority's answer.</summary>
    [AlwaysInterleave]
    Task<RoutingWord> ReportAsync(MemberWord word);
}

/// <summary>
/// Collects a region's health reports inside of the region and hands them on together: one call across the ocean at a
/// time, however many members report, and one routing table back. What arrives during one goes with the next.
/// </summary>
[RendezvousPlacement]
[UsableSilosFilter(order: 0)]
[PreferredMatchSiloMetadataPlacementFilter(["region"], minCandidates: 1, order: 1)]
internal sealed class RegionHealthGrain : Grain, IRegionHealthGrain
{
    private List<MemberWord> _arrived = [];
    private Task _underWay = Task.CompletedTask;
    private Task<RoutingWord>? _next;

    /// <inheritdoc/>
    public Task<RoutingWord> ReportAsync(MemberWord word)
    {
        _arrived.Add(word);
        return _next ??= HandOnAsync(_underWay);
    }

    private async Task<RoutingWord> HandOnAsync(Task before)
    {
        // In a later turn, so that the caller has noted us as the next.
        await Task.Yield();
        await before.ContinueWith(static _ => { }, TaskScheduler.Current);
        var words = _arrived;
        _arrived = [];
        (_underWay, _next) = (_next ?? Task.CompletedTask, null);
        return await GrainFactory.GetGrain<IFailoverGrain>(IFailoverGrain.Key).HearAsync(words);
    }
}
