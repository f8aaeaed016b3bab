using Microsoft.Extensions.Primitives;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;
using ProxyCluster.Queries;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;
using ProxyCluster.Walk;

namespace ProxyCluster.Http;

/// <summary>Answers artifacts and queries (spec §2).</summary>
internal sealed class ModuleEndpoints(
    ArtifactWalk walk,
    QueryWalk queries,
    ArtifactResponse artifacts,
    Responses responses,
    ProxyMetrics metrics)
{
    private static readonly StringValues Text = "text/plain; charset=utf-8";
    private static readonly StringValues Json = "application/json";
    private static readonly StringValues Hit = "HIT";
    private static readonly StringValues Miss = "MISS";
    private static readonly StringValues Stale = "STALE";

    /// <summary>Answers a question.</summary>
    public Task<Seen> AnswerAsync(HttpContext context, Ask ask, CancellationToken cancel) => ask.What.Asked switch
    {
        Asked.Artifact => AnswerArtifactAsync(context, ask, cancel),
        Asked.Query => AnswerQueryAsync(context, ask, cancel),
        _ => AnswerPrefixAsync(context, ask, cancel),
    };

    /// <summary>Answers a query from memory. Hot path.</summary>
    public Task WriteAnswerAsync(HttpContext context, ReadOnlySpan<char> key, ServedBody served)
    {
        var type = key.EndsWith("/@v/list", StringComparison.Ordinal) ? Text : Json;
        responses.Start(context.Response, type, responses.QueryCaching, Hit);
        return Responses.WriteTaggedAsync(context, served.Tag, served.Body, context.RequestAborted);
    }

    private async Task<Seen> AnswerArtifactAsync(HttpContext context, Ask ask, CancellationToken cancel)
    {
        var label = DiskStore.LabelOf(ask.Kind);
        if (!(await walk.OpenAsync(ask, cancel)).TryGet(out var opened, out var failure))
            return await FailAsync(context, label, failure, ask, cancel);

        using (opened)
        {
            metrics.StoreReads.Add(1, new("artifact", label), new("tier", opened.WasHere ? "disk" : "upstream"));
            try
            {
                await artifacts.WriteAsync(context, opened.Content, opened.WasHere, cancel);
                return new Seen(label, opened.WasHere ? "hit" : "miss") { HasCountedBytes = opened.Content.File is not null, Origin = opened.Content.Artifact.Stored.Origin };
            }
            catch (StoreException e) when (!context.Response.HasStarted)
            {
                context.Response.Clear();
                return await FailAsync(context, label, new Failure(FailureKind.StoreUnavailable, $"{ask.Module}: {e.Message}"), ask, cancel);
            }
        }
    }

    private async Task<Seen> AnswerQueryAsync(HttpContext context, Ask ask, CancellationToken cancel)
    {
        var query = ask.What.Query;
        var outcome = await queries.AskAsync(ask, cancel);
        if (!outcome.TryGet(out var given, out var failure))
            return await FailAsync(context, "query", failure, ask, cancel);

        // Of the versions that may be had one is the latest, too. What a branch stands for is that and nothing else.
        if (given.Served is not { } served)
        {
            return query.Kind == QueryKind.Latest
                ? await AnswerHighestAsync(context, ask, static _ => true, given.RefusedName!, cancel)
                : await FailAsync(context, "query", given.RefusedName!, ask, cancel);
        }

        var (header, label) = given.Age switch
        {
            AnswerAge.Hit => (Hit, "hit"),
            AnswerAge.Stale => (Stale, "stale"),
            _ => (Miss, "miss"),
        };
        var type = query.Kind == QueryKind.List ? Text : Json;
        responses.Start(context.Response, type, responses.QueryCaching, header);
        await Responses.WriteTaggedAsync(context, served.Tag, served.Body, cancel);
        return new Seen("query", label);
    }

    /// <summary>
    /// <c>v1.info</c> and <c>v1.2.info</c>: the <c>go</c> command resolves these itself, other clients ask. The answer is
    /// the highest listed version that starts so.
    /// </summary>
    private Task<Seen> AnswerPrefixAsync(HttpContext context, Ask ask, CancellationToken cancel)
    {
        var query = ask.What.Query;
        var none = new Failure(FailureKind.NotFound, $"not found: {query.Path} has no version {query.Revision}");
        return AnswerHighestAsync(context, ask, version => version.StartsWith(query.Revision + ".", StringComparison.Ordinal), none, cancel);
    }

    // One that go would take: it takes no incompatible one where it has another.
    private async Task<Seen> AnswerHighestAsync(HttpContext context, Ask ask, Func<string, bool> isMeant, Failure none, CancellationToken cancel)
    {
        var query = ask.What.Query;
        var outcome = await queries.AskAsync(ask.About(ProxyPath.ToQuery(new Query(query.Path, QueryKind.List))), cancel);
        if (!outcome.TryGet(out var list, out var failure))
            return await FailAsync(context, "query", failure, ask, cancel);

        var versions = VersionList.Parse(query.Path, list.Served!.Body).Tagged.Where(isMeant).ToList();
        if ((VersionList.LatestTaggedOrNull(versions.Where(static version => Semver.Build(version).Length == 0)) ?? VersionList.LatestTaggedOrNull(versions)) is not { } highest
            || !ModuleVersion.TryCreate(query.Path, highest, out var module, out _))
            return await FailAsync(context, "query", none, ask, cancel);

        if (!(await walk.OpenAsync(ask.About(ProxyPath.ToArtifact(module, ArtifactKind.Info)), cancel)).TryGet(out var opened, out failure))
            return await FailAsync(context, "query", failure, ask, cancel);

        using (opened)
        {
            responses.Start(context.Response, Json, responses.QueryCaching, opened.WasHere ? Hit : Miss);
            context.Response.Headers.ETag = opened.Content.Artifact.ETag;
            await artifacts.WriteBodyAsync(context, opened.Content, cancel);
            return new Seen("query", opened.WasHere ? "hit" : "miss") { HasCountedBytes = opened.Content.File is not null };
        }
    }

    private async Task<Seen> FailAsync(HttpContext context, string label, Failure failure, Ask ask, CancellationToken cancel)
    {
        if (failure.Kind == FailureKind.Blocked)
            metrics.Blocked.Add(1);
        await responses.WriteFailureAsync(context, failure, ask.IsCachedOnly, cancel);
        return new Seen(label, FailureTable.For(failure.Kind).Cause);
    }
}
