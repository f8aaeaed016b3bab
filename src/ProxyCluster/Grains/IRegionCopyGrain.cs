using Orleans;
using Orleans.Concurrency;

namespace ProxyCluster.Grains;

/// <summary>A region's copy of a module version; its key is written by <see cref="Placement.RegionKey"/>.</summary>
internal interface IRegionCopyGrain : IGrainWithStringKey
{
    /// <summary>As <see cref="IModuleVersionGrain.HaveAsync"/>, for those of the region.</summary>
    /// <param name="kind">Which artifact, as the number of its kind.</param>
    /// <param name="patience">Time to wait for the end of the work.</param>
    /// <param name="asker">Authority of the member that will copy it from there.</param>
    [AlwaysInterleave]
    Task<OwnerWord> HaveAsync(int kind, TimeSpan patience, string asker);
}
