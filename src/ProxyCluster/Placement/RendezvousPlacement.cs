using Orleans;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using ProxyCluster.Clustering;

namespace ProxyCluster.Placement;

/// <summary>
/// A grain goes to the candidate that wins its key by rendezvous hashing over members' addresses: the silo to which front
/// ends forward the key (<see cref="RegionalOwner"/>), so that the first call of its grain stays in the process, and on
/// whose disk it lies if it was there before. Spread as evenly as the hash; Orleans' default looks at load instead and
/// piles everything onto whichever silo has just started.
/// </summary>
[Serializable, GenerateSerializer, Immutable]
internal sealed class RendezvousPlacement : PlacementStrategy;

/// <summary>Marks a grain to be placed by <see cref="RendezvousPlacement"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class RendezvousPlacementAttribute() : PlacementAttribute(new RendezvousPlacement());

/// <summary>Chooses by <see cref="RendezvousPlacement"/>.</summary>
internal sealed class RendezvousPlacementDirector(IClusterMembershipService membership) : IPlacementDirector
{
    /// <inheritdoc/>
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context) =>
        Task.FromResult(Candidates.WinnerOrNull(
            RegionKey.Parse(target.GrainIdentity.Key.ToString() ?? "").Key,
            Candidate.Of(context.GetCompatibleSilos(target), membership.CurrentSnapshot))!.Silo);
}
