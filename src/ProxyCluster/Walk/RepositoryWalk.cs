using ProxyCluster.Fetching;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;
using ProxyCluster.Repositories;

namespace ProxyCluster.Walk;

/// <summary>
/// The walk of what another member asks of a repository that is mirrored here: gate, mirror. What comes of it is neither stored
/// nor served here, and so not proven here either: that is done where it is.
/// </summary>
internal sealed class RepositoryWalk(ModuleGate gate, UpstreamRoutes routes, DirectModules modules)
{
    /// <summary>Answers, from this silo's own mirror.</summary>
    public async Task<Outcome<DirectAnswer>> AnswerAsync(Ask ask, CancellationToken cancel)
    {
        if (gate.Judge(ask).Refusal is { } refusal)
            return refusal;

        // The list of upstreams is each silo's own to keep to.
        var path = ask.What.Asked is Asked.Artifact ? ask.Module.Path : ask.What.Query.Path;
        return routes.MayAskRepositoryOf(path)
            ? await modules.AskAsync(ask.What, null, cancel)
            : new Failure(FailureKind.PeerUnavailable, $"{path}: the upstream list of the silo with its mirror has no direct for it");
    }
}
