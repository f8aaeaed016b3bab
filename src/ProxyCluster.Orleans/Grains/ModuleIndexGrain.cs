using System.Text.Json;
using Orleans.Runtime.Placement.Filtering;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Lines;
using ProxyCluster.Orleans.Engine;
using ProxyCluster.Orleans.Placement;
using ProxyCluster.Outcomes;
using ProxyCluster.Queries;

namespace ProxyCluster.Orleans.Grains;

/// <summary>
/// The owner of a module path's queries: list, latest and revisions, by the rules of its silo's cache (fresh, stale while
/// it revalidates, stale while upstream is down), so that upstream is asked once for the cluster. It holds nothing itself;
/// the cache outlives it.
/// </summary>
[RendezvousPlacement]
[UsableSilosFilter(order: 0)]
[PreferredMatchSiloMetadataPlacementFilter(["region"], minCandidates: 1, order: 1)]
internal sealed class ModuleIndexGrain(Rooms rooms, OrleansEngine engine) : Grain, IModuleIndexGrain
{
    private readonly LongWork<string> _work = new();

    /// <inheritdoc/>
    public async Task<OwnerWord> AskAsync(string query, TimeSpan patience)
    {
        var self = engine.Self!;
        if (!engine.View.Routing.IsUsable(self.Region))
            MigrateOnIdle();
        return await _work.WaitAsync(query, () => AnswerAsync(query), patience, rooms.Time)
            ?? new OwnerWord(OwnerWordKind.Working, self.Id, []);
    }

    private async Task<OwnerWord> AnswerAsync(string key)
    {
        var self = engine.Self!;
        if (ProxyPath.Parse(key) is not { Asked: Asked.Query } request)
            return new OwnerWord(OwnerWordKind.Failed, self.Id, PeerFailure.Write(new Failure(FailureKind.BadRequest, $"{key} is no query")));

        var outcome = await rooms.Get<QueryCache>().AskAsync(request.Query, cachedOnly: false, CancellationToken.None, asOwner: true);
        if (!outcome.TryGet(out var given, out var failure))
            return new OwnerWord(OwnerWordKind.Failed, self.Id, PeerFailure.Write(failure));

        var age = Math.Max(0, (rooms.Time.GetUtcNow() - given.Answer.AskedAt).TotalSeconds);
        return new OwnerWord(OwnerWordKind.Done, self.Id, JsonSerializer.SerializeToUtf8Bytes(
            new PeerAnswer(given.Answer.Body, age, given.Answer.Upstream), PeerJson.Default.PeerAnswer));
    }
}
