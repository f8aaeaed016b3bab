using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;

namespace ProxyCluster.Copies;

/// <summary>The other end of <see cref="Replicator"/>: takes the copy that a member of another region wants to hand out.</summary>
internal sealed class CopyTaker(ClusterSelf self, ArtifactCopy copy, PeerFill fill)
{
    /// <summary>Copies an artifact from the member that asked for it, unless it is here already.</summary>
    public async Task<Outcome<ModuleRecord>> TakeAsync(
        string member, ModuleVersion module, ArtifactKind kind, CancellationToken cancel)
    {
        if (copy.FindHereOrNull(module, kind) is { } record)
            return record;

        return self.View.FindOrNull(member) is { } from
            ? await fill.FillAsync(from, module, kind, AskLevel.Home, static () => { }, cancel)
            : new Failure(FailureKind.PeerUnavailable, $"{member} is not in this silo's view of the cluster");
    }
}
