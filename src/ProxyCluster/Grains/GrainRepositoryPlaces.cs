using ProxyCluster.Placement;
using ProxyCluster.Silos;
using ProxyCluster.Walk;

namespace ProxyCluster.Grains;

/// <summary>The way to the grains of repositories.</summary>
internal sealed class GrainRepositoryPlaces(OrleansEngine engine, GrainCalls owners, TimeProvider clock) : IRepositoryPlaces
{
    // It answers from memory. A silo that died is dead by the votes soon, and the next question finds the grain elsewhere.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async Task<string?> FindOrNullAsync(string repository, CancellationToken cancel)
    {
        if (owners.IsSilent || engine.Self is not { } self)
            return null;
        var key = new RegionKey(self.Region, repository).ToString();
        return await GrainCalls.OrNullAsync(engine, grains => grains.GetGrain<IRepositoryGrain>(key).WhereAsync(), Limit, clock, cancel);
    }
}
