using Orleans.Runtime;
using Orleans.Runtime.Placement.Filtering;
using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Placement;
using ProxyCluster.Silos;

namespace ProxyCluster.Grains;

/// <summary>
/// The owner of one module version: fetches it once for everybody, and says where it is.
/// <para>
/// <b>Where.</b> In the region of whoever asks first, on the silo that wins the key there; in another region when that one
/// has no silo left, or recovers and does not take the key yet; never in a region that is out of service. When it leaves
/// its place for another, <see cref="GrainMoves"/> says.
/// </para>
/// <para>
/// <b>What it promises.</b> Concurrent askers share one fetch, which runs on when they leave. Its record is in the store of
/// its silo before it says so; bytes go by peer fill, never in its messages. It remembers who holds the bytes, itself and
/// those who asked, durably where the cluster store is for that; elsewhere its next activation, wherever, asks the cluster
/// (<see cref="Copies.HolderSearch"/>). It copies them from any of those that are left instead of asking upstream again.
/// </para>
/// <para>
/// <b>What it does not promise.</b> To be the only one. Two activations may exist for a moment after a silo died or views
/// differed, and its memory may be lost with its storage. Both cost one more fetch, checked against the same proof and
/// committed by the same rules (design rules 1 to 3).
/// </para>
/// </summary>
[RendezvousPlacement]
[UsableSilosFilter(order: 0)]
[ShareFilter(order: 1)]
[PreferredMatchSiloMetadataPlacementFilter(["region"], minCandidates: 1, order: 2)]
internal sealed class ModuleVersionGrain(IGrainContext context, IServiceProvider services, Rooms rooms, OrleansEngine engine)
    : ArtifactGrain(
        context.GrainId.Key.ToString()!,
        AskLevel.Home,
        rooms.Store.IsForHints ? new(services, context.GrainId, "holder", StorageLimit) : null,
        rooms,
        engine), IModuleVersionGrain
{
    private static readonly TimeSpan StorageLimit = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public Task<OwnerWord> HaveAsync(int kind, TimeSpan patience, string asker) => HaveAsync((ArtifactKind)kind, patience, asker);
}
