using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.Repositories;

namespace ProxyCluster.Walk;

/// <summary>
/// Asks the silo of the region that has a repository's mirror. It asks nobody in turn, so no question runs in a circle, whatever
/// two silos think of where the mirror is. One that does not answer costs the asker a fetch of its own and nothing else: as
/// everywhere, this silo itself is the last step.
/// </summary>
internal sealed class RegionMirrors(ClusterSelf self, Pulse pulse, HedgedAsk hedged, PeerRepositories peers, IRepositoryPlaces? places = null) : IRegionMirrors
{
    /// <inheritdoc/>
    public bool AreShared =>
        places is not null
        && self.View.Routing.IsUsable(self.Region)
        && self.View.Members.Any(member => member.IsSilo && member.Region == self.Region && member.Id != self.Member.Id);

    /// <inheritdoc/>
    public async Task<Outcome<DirectAnswer>> AskAsync(
        string repository, ProxyPath what, Func<CancellationToken, Task<Outcome<DirectAnswer>>> here, CancellationToken cancel)
    {
        if (!AreShared
            || await places!.FindOrNullAsync(repository, cancel) is not { } id
            || id == self.Member.Id
            || self.View.FindOrNull(id) is not { } peer
            || !pulse.IsGood(id))
            return await here(cancel);

        return await hedged.RunAsync(
            [new AskStep(peer, AskLevel.Home), new AskStep(null, AskLevel.Home)],
            (step, alive, stop) => step.Peer is null ? here(stop) : peers.AskAsync(peer, what, alive, stop),
            cancel);
    }
}
