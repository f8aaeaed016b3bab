using Orleans.Runtime;
using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Placement;
using ProxyCluster.Silos;

namespace ProxyCluster.Grains;

/// <summary>
/// A region's copy of one module version: has it brought across the ocean once for all silos of the region, into the store
/// of the silo in which it lives, from where the others copy it. That silo is the one that the region's front ends ask.
/// <para>
/// It promises as little as the owner does (<see cref="ModuleVersionGrain"/>), and notes who had the bytes only for as long
/// as it lives. Whoever gets no answer from it asks the owner.
/// </para>
/// </summary>
[RendezvousPlacement]
[KeyRegionFilter]
internal sealed class RegionCopyGrain(IGrainContext context, Rooms rooms, OrleansEngine engine)
    : ArtifactGrain(RegionKey.Parse(context.GrainId.Key.ToString()!).Key, AskLevel.Region, null, rooms, engine), IRegionCopyGrain
{
    /// <inheritdoc/>
    public Task<OwnerWord> HaveAsync(int kind, TimeSpan patience, string asker) => HaveAsync((ArtifactKind)kind, patience, asker);
}
