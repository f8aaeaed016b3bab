using Orleans;
using Orleans.Concurrency;
using ProxyCluster.Placement;

namespace ProxyCluster.Grains;

/// <summary>A repository in a region; its key is written by <see cref="RegionKey"/>.</summary>
internal interface IRepositoryGrain : IGrainWithStringKey
{
    /// <summary>Id of the member in which it lives, whose mirror of the repository is the region's.</summary>
    [AlwaysInterleave]
    Task<string> WhereAsync();
}
