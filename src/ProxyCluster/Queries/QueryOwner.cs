using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Outcomes;
using ProxyCluster.Ownership;
using ProxyCluster.Peers;

namespace ProxyCluster.Queries;

/// <summary>
/// Asks whoever owns a query: the owner of its module path in the cluster, who asks upstream for everybody, or upstream
/// itself where that is this silo or nobody else answers. The same hand-over as for artifacts.
/// </summary>
internal sealed class QueryOwner(
    ClusterSelf self,
    QueryUpstream upstream,
    PeerQueries peers,
    PeerStanding standing,
    IOptions<PeerOptions> options,
    TimeProvider clock)
{
    /// <summary>Is this silo the one that asks upstream, by its own view?</summary>
    public bool IsHere(Query query) => PathOf(query, AskLevel.Region).Length == 1;

    /// <summary>The present answer; with <paramref name="asOwner"/> upstream is asked without a look at the others.</summary>
    public Task<Outcome<QueryAnswer>> AskAsync(Query query, QueryAnswer? known, bool asOwner, CancellationToken cancel)
    {
        // A region does not need an owner of its own here: every silo keeps what it was told, and it is told little.
        var level = asOwner ? AskLevel.Home : AskLevel.Region;
        var steps = standing.Prefer(PathOf(query, level));
        return steps.Length == 1
            ? upstream.AskAsync(query, known, cancel)
            : HedgedAsk.RunAsync(
                steps,
                (step, alive, stop) => step.Peer is { } peer
                    ? AskPeerAsync(peer, query, alive, stop)
                    : upstream.AskAsync(query, known, stop),
                options.Value.HedgeDelay,
                clock,
                cancel);
    }

    private ImmutableArray<AskStep> PathOf(Query query, AskLevel level) =>
        AskPath.For(query.Path.Value, self.Member, level, self.View, options.Value.MaxCandidates);

    private async Task<Outcome<QueryAnswer>> AskPeerAsync(Member peer, Query query, Action alive, CancellationToken cancel)
    {
        var outcome = await peers.AskAsync(peer, query.Key, alive, cancel);
        if (!outcome.TryGet(out var answer, out var failure))
            return failure;

        // The same look at its form as at an upstream's: a peer is a nearer upstream.
        if (QueryUpstream.FaultOrNull(query, answer.Body) is { } fault)
            return PeerCalls.Unavailable(peer, fault);

        var age = TimeSpan.FromSeconds(Math.Clamp(answer.AgeSeconds, 0, 1e9));
        return new QueryAnswer(answer.Body, clock.GetUtcNow() - age, answer.Upstream, null, null);
    }
}
