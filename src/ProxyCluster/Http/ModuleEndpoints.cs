using Microsoft.Extensions.Primitives;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Queries;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;
using ProxyCluster.Walk;

namespace ProxyCluster.Http;

/// <summary>Answers artifacts and queries (spec §2).</summary>
internal sealed class ModuleEndpoints(
    ArtifactWalk walk,
    QueryCache queries,
    ArtifactResponse artifacts,
    Responses responses,
    ProxyMetrics metrics)
{
    private static readonly StringValues Text = "text/plain; charset=utf-8";
    private static readonly StringValues Json = "application/json";
    private static readonly StringValues Hit = "HIT";
    private static readonly StringValues Miss = "MISS";
    private static readonly StringValues Stale = "STALE";

    /// <summary>Answers a parsed request.</summary>
    public Task<Seen> AnswerAsync(HttpContext context, ProxyRequest request, bool cachedOnly, CancellationToken cancel) =>
        request.Asked switch
        {
            Asked.Artifact => AnswerArtifactAsync(context, request.Module, request.Kind, cachedOnly, cancel),
            Asked.Query => AnswerQueryAsync(context, request.Query, cachedOnly, cancel),
            Asked.VersionPrefix => AnswerPrefixAsync(context, request.Query, cachedOnly, cancel),
            _ => FailAsync(context, "other", new Failure(FailureKind.NotFound, $"not found: {request.Text}"), cachedOnly, cancel),
        };

    /// <summary>Answers a query from memory. Hot path.</summary>
    public Task WriteAnswerAsync(HttpContext context, ReadOnlySpan<char> key, QueryAnswer answer)
    {
        var type = key.EndsWith("/@v/list", StringComparison.Ordinal) ? Text : Json;
        responses.Start(context.Response, type, responses.QueryCaching, Hit);
        return Responses.WriteTaggedAsync(context, answer.BodyTag, answer.Body, context.RequestAborted);
    }

    private async Task<Seen> AnswerArtifactAsync(
        HttpContext context, ModuleVersion module, ArtifactKind kind, bool cachedOnly, CancellationToken cancel)
    {
        var label = DiskStore.LabelOf(kind);
        var outcome = await walk.OpenAsync(module, kind, cachedOnly, cancel);
        if (!outcome.TryGet(out var opened, out var failure))
            return await FailAsync(context, label, failure, cachedOnly, cancel);

        using var content = opened.Content;
        metrics.StoreReads.Add(1, new("artifact", label), new("tier", opened.Hit ? "disk" : "upstream"));
        await artifacts.WriteAsync(context, content, opened.Hit, cancel);
        return new Seen(label, opened.Hit ? "hit" : "miss");
    }

    private async Task<Seen> AnswerQueryAsync(HttpContext context, Query query, bool cachedOnly, CancellationToken cancel)
    {
        var outcome = await queries.AskAsync(query, cachedOnly, cancel);
        if (!outcome.TryGet(out var given, out var failure))
            return await FailAsync(context, "query", failure, cachedOnly, cancel);

        var (header, label) = given.Age switch
        {
            AnswerAge.Hit => (Hit, "hit"),
            AnswerAge.Stale => (Stale, "stale"),
            _ => (Miss, "miss"),
        };
        var type = query.Kind == QueryKind.List ? Text : Json;
        responses.Start(context.Response, type, responses.QueryCaching, header);
        await Responses.WriteTaggedAsync(context, given.Answer.BodyTag, given.Answer.Body, cancel);
        return new Seen("query", label);
    }

    /// <summary>
    /// <c>v1.info</c> and <c>v1.2.info</c>: the <c>go</c> command resolves these itself, other clients ask. The answer is
    /// the highest listed version that starts so.
    /// </summary>
    private async Task<Seen> AnswerPrefixAsync(HttpContext context, Query query, bool cachedOnly, CancellationToken cancel)
    {
        var outcome = await queries.AskAsync(new Query(query.Path, QueryKind.List), cachedOnly, cancel);
        if (!outcome.TryGet(out var list, out var failure))
            return await FailAsync(context, "query", failure, cachedOnly, cancel);

        var versions = VersionList.Parse(query.Path, list.Answer.Body).Tagged
            .Where(v => v.StartsWith(query.Revision + ".", StringComparison.Ordinal));
        if (VersionList.LatestOrNull(versions) is not { } highest
            || !ModuleVersion.TryCreate(query.Path, highest, out var module, out _))
        {
            var none = new Failure(FailureKind.NotFound, $"not found: {query.Path} has no version {query.Revision}");
            return await FailAsync(context, "query", none, cachedOnly, cancel);
        }

        var artifact = await walk.OpenAsync(module, ArtifactKind.Info, cachedOnly, cancel);
        if (!artifact.TryGet(out var opened, out failure))
            return await FailAsync(context, "query", failure, cachedOnly, cancel);

        using var content = opened.Content;
        responses.Start(context.Response, Json, responses.QueryCaching, opened.Hit ? Hit : Miss);
        context.Response.Headers.ETag = content.Artifact.ETag;
        await artifacts.WriteBodyAsync(context, content, cancel);
        return new Seen("query", opened.Hit ? "hit" : "miss");
    }

    private async Task<Seen> FailAsync(
        HttpContext context, string label, Failure failure, bool cachedOnly, CancellationToken cancel)
    {
        if (failure.Kind == FailureKind.Blocked)
            metrics.Blocked.Add(1);
        await responses.WriteFailureAsync(context, failure, cachedOnly, cancel);
        return new Seen(label, FailureTable.For(failure.Kind).Cause);
    }
}
