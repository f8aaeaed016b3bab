using ProxyCluster.Clustering;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;

namespace ProxyCluster.Copies;

/// <summary>The other end of <see cref="ToRegions"/>: takes the copy that a member of another region wants to hand out.</summary>
internal sealed class CopyTaker(ClusterSelf self, ModuleGate gate, PeerFill fill, DiskStore store)
{
    /// <summary>Copies an artifact from the member that asked for it, unless it is here already.</summary>
    public async Task<Outcome<ModuleRecord>> TakeAsync(
        string member, ModuleVersion module, ArtifactKind kind, CancellationToken cancel)
    {
        var ask = Ask.ForArtifact(module, kind, AskLevel.Home, Door.Replication, member);
        if (gate.Judge(ask).Refusal is { } refusal)
            return refusal;
        try
        {
            if (store.FindRecordOrNull(module) is { } record && gate.Judge(ask, record).IsProven && store.HasBytes(record, kind))
                return record;
        }
        catch (StoreException e)
        {
            return new Failure(FailureKind.StoreUnavailable, $"{module}: the store cannot be read now: {e.Message}");
        }

        return self.View.FindOrNull(member) is { } from
            ? await fill.FillAsync(from, module, kind, AskLevel.Home, static () => { }, cancel)
            : new Failure(FailureKind.PeerUnavailable, $"{member} is not in this silo's view of the cluster");
    }
}
