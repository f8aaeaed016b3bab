using Orleans;
using ProxyCluster.Placement;
using ProxyCluster.Silos;

namespace ProxyCluster.Grains;

/// <summary>
/// A repository in a region: the silo in which it lives has the region's mirror, and looks into it for all who ask
/// (<see cref="Walk.RegionMirrors"/>). It holds nothing itself, and no byte passes through it.
/// <para>
/// It stays where it is when silos join, other than owners of module versions: these cost a copy to move, and this one a fetch of
/// the whole repository. Where it is placed anew, because its silo died or nobody asked for a quarter of an hour, it goes by its
/// key, back to the same disk if that is there. Two of it at once, for a moment, are two mirrors.
/// </para>
/// </summary>
[RendezvousPlacement]
[KeyRegionFilter]
internal sealed class RepositoryGrain(OrleansEngine engine) : Grain, IRepositoryGrain
{
    /// <inheritdoc/>
    public Task<string> WhereAsync() => Task.FromResult(engine.Self!.Id);
}
