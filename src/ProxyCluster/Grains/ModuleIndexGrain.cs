using Orleans;
using Orleans.Runtime.Placement.Filtering;
using ProxyCluster.Clustering;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;
using ProxyCluster.Placement;
using ProxyCluster.Queries;
using ProxyCluster.Silos;
using ProxyCluster.Walk;

namespace ProxyCluster.Grains;

/// <summary>
/// The owner of a module path's queries: list, latest and revisions, by the rules of its silo's cache (fresh, stale while
/// it revalidates, stale while upstream is down), so that upstream is asked once for the cluster. It holds nothing itself;
/// the cache outlives it.
/// </summary>
[RendezvousPlacement]
[UsableSilosFilter(order: 0)]
[ShareFilter(order: 1)]
[PreferredMatchSiloMetadataPlacementFilter(["region"], minCandidates: 1, order: 2)]
internal sealed class ModuleIndexGrain(Rooms rooms, OrleansEngine engine) : Grain, IModuleIndexGrain
{
    private readonly LongWork<string, QueryAnswer> _work = new(rooms.HedgeDelay, rooms.Time);

    /// <inheritdoc/>
    public async Task<OwnerWord> AskAsync(string query, TimeSpan patience)
    {
        // Written when it is sent, not when the work ended: it ages in between.
        var given = await _work.WaitAsync(query, () => AnswerAsync(query), patience, AskedFor.ReadOrNull());
        if (engine.GrainsOrNull is not null && rooms.Get<GrainMoves>().IsDue(this.GetPrimaryKeyString(), engine.Self!, engine.View, _work.Count > 0))
            MigrateOnIdle();
        return OwnerWord.Of(given, engine.Self!.Id, rooms.Get<QueryWalk>().WriteForMember);
    }

    private async Task<Outcome<QueryAnswer>> AnswerAsync(string key) => ProxyPath.Parse(key) is { Asked: Asked.Query } request
        ? await rooms.Get<QueryWalk>().AskForMemberAsync(new Ask(request, new Asker(null, engine.Self!.Id), AskLevel.Home, Door.Member), CancellationToken.None)
        : new Failure(FailureKind.BadRequest, $"{key} is no query");
}
