using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.Queries;

namespace ProxyCluster.Walk;

/// <summary>
/// Asks whoever owns a query: the owner of its module path in the cluster, who asks upstream for everybody, or upstream
/// itself where that is this silo or nobody else answers. The same hand-over as for artifacts.
/// </summary>
internal sealed class QueryOwner(
    ClusterSelf self,
    QueryUpstream upstream,
    PeerQueries peers,
    Pulse pulse,
    HedgedAsk hedged,
    IOptions<PeerOptions> options,
    TimeProvider clock,
    IQueryCalls? calls = null)
{
    /// <summary>Is this silo the one that asks upstream, by its own view?</summary>
    public bool IsHere(Query query) => calls is null && PathOf(query, AskLevel.Region).Length == 1;

    /// <summary>The present answer; with <paramref name="asOwner"/> upstream is asked without a look at the others.</summary>
    public Task<Outcome<QueryAnswer>> AskAsync(Query query, QueryAnswer? known, bool asOwner, CancellationToken cancel)
    {
        // A region does not need an owner of its own here: every silo keeps what it was told, and it is told little.
        var level = asOwner ? AskLevel.Home : AskLevel.Region;
        var steps = pulse.Prefer(PathOf(query, level));
        if (calls is not null && !asOwner)
            steps = steps.Insert(0, AskStep.Engine);
        return steps.Length == 1
            ? upstream.AskAsync(query, known, cancel)
            : hedged.RunAsync(
                steps,
                (step, alive, stop) => step.IsEngine ? TakeAsync(query, calls!.AskAsync(query, alive, stop))
                    : step.Peer is { } peer ? TakeAsync(query, peers.AskAsync(peer, query.Key, alive, stop))
                    : upstream.AskAsync(query, known, stop),
                cancel);
    }

    private ImmutableArray<AskStep> PathOf(Query query, AskLevel level) =>
        AskPath.For(query.Path.Value, self.Member, level, self.View, options.Value.MaxCandidates);

    private async Task<Outcome<QueryAnswer>> TakeAsync(Query query, Task<Outcome<PeerAnswer>> asked)
    {
        var outcome = await asked;
        if (!outcome.TryGet(out var answer, out var failure))
            return failure;

        // The same look at its form as at an upstream's: a peer is a nearer upstream.
        if (QueryUpstream.FaultOrNull(query, answer.Body) is { } fault)
            return new Failure(FailureKind.PeerUnavailable, $"{query}: another silo's answer cannot be right: {fault}");

        var age = TimeSpan.FromSeconds(Math.Clamp(answer.AgeSeconds, 0, 1e9));
        return new QueryAnswer(answer.Body, clock.GetUtcNow() - age, answer.Upstream, null, null);
    }
}
