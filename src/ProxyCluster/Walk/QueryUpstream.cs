using ProxyCluster.Fetching;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;
using ProxyCluster.Policy;
using ProxyCluster.Queries;

namespace ProxyCluster.Walk;

/// <summary>Asks the upstream chain a mutable question and checks the form of the answer.</summary>
internal sealed class QueryUpstream(UpstreamChain upstreams, TimeProvider clock)
{
    /// <summary>
    /// The upstream's present answer, of the list or of <paramref name="rewrite"/>. With <paramref name="known"/> it is asked conditionally, and "not modified" gives the
    /// known body back.
    /// </summary>
    public async Task<Outcome<QueryAnswer>> AskAsync(Query query, PolicyRewrite? rewrite, QueryAnswer? known, CancellationToken cancel)
    {
        var outcome = await FetchAsync(query, rewrite, known, cancel);
        return query.Kind == QueryKind.Latest && outcome.Failure is { IsProvenAbsence: true } absence
            ? await LatestOfListAsync(query, rewrite, absence, cancel)
            : outcome;
    }

    private Task<Outcome<QueryAnswer>> FetchAsync(Query query, PolicyRewrite? rewrite, QueryAnswer? known, CancellationToken cancel)
    {
        var validators = known is { ETag: not null } or { LastModified: not null }
            ? new UpstreamValidators(known.Upstream, known.ETag, known.LastModified)
            : null;
        return upstreams.FetchAsync(
            new UpstreamRequest(ResourceOf(query), Validators: validators) { Rewrite = rewrite },
            (answer, stop) => ReceiveAsync(query, known, answer, stop),
            cancel);
    }

    private async Task<Outcome<QueryAnswer>> ReceiveAsync(
        Query query, QueryAnswer? known, UpstreamAnswer answer, CancellationToken stop)
    {
        if (answer.NotModified && known is not null)
            return known with { AskedAt = clock.GetUtcNow() };

        var bytes = await ReadAsync(answer, stop);
        return (query.FaultOrNull(bytes) ?? FaultOfListOrNull(query, bytes, answer.ContentType)) is { } fault
            ? new Failure(FailureKind.UpstreamInvalid, $"{query}: {answer.Upstream} sent something invalid: {fault}")
            : new QueryAnswer(bytes, clock.GetUtcNow(), answer.Upstream, answer.ETag is { } tag && QueryView.IsSendable(tag) ? tag : null, answer.LastModified);
    }

    // A list is what its lines are, whatever the label: a static server may call it a web page. But a label that says it is
    // something else is believed when no line is a version: a login page or an error in JSON is not an empty list.
    private static string? FaultOfListOrNull(Query query, byte[] body, string? label) =>
        query.Kind == QueryKind.List && label?.ToLowerInvariant() is not (null or "text/plain" or "application/octet-stream")
        && !body.AsSpan().Trim(" \t\r\n"u8).IsEmpty && VersionList.Parse(query.Path, body) is { Tagged.Count: 0, Pseudo.Count: 0 }
            ? $"a version list of type {label} in which no line is a version; is there a login page in between?"
            : null;

    /// <summary>
    /// <c>@latest</c> is optional for an upstream, and a static tree has none. The choice that the <c>go</c> command would
    /// make from the list (spec §2) is made here, because our own list leaves pseudo-versions out.
    /// </summary>
    private async Task<Outcome<QueryAnswer>> LatestOfListAsync(Query query, PolicyRewrite? rewrite, Failure absence, CancellationToken cancel)
    {
        var list = await FetchAsync(new Query(query.Path, QueryKind.List), rewrite, null, cancel);
        if (!list.TryGet(out var answer, out var failure))
            return failure.IsProvenAbsence ? absence : failure;

        var (tagged, pseudo) = VersionList.Parse(query.Path, answer.Body);
        byte[]? goMod = null;
        if (VersionList.DecidingOrNull(tagged) is { } deciding
            && !(await ReadGoModAsync(query.Path, deciding, rewrite, cancel)).TryGet(out goMod, out var unread)
            && !unread.IsProvenAbsence)
            return unread;

        return VersionList.LatestOrNull(query.Path, tagged, pseudo, goMod) is { } latest
            ? await FetchAsync(new Query(query.Path, QueryKind.Revision, latest), rewrite, null, cancel)
            : absence;
    }

    // Only a choice hangs on it, and nobody is served it: so it is not verified, as the list is not.
    private Task<Outcome<byte[]>> ReadGoModAsync(ModulePath path, string version, PolicyRewrite? rewrite, CancellationToken cancel) =>
        ModuleVersion.TryCreate(path, version, out var module, out var error)
            ? upstreams.FetchAsync(
                new UpstreamRequest(UpstreamResource.Artifact(module, ArtifactKind.Mod)) { Rewrite = rewrite },
                static async (answer, stop) => (Outcome<byte[]>)await ReadAsync(answer, stop),
                cancel)
            : throw new ArgumentException(error, nameof(version));

    private static async Task<byte[]> ReadAsync(UpstreamAnswer answer, CancellationToken stop)
    {
        using var body = new MemoryStream();
        await answer.Body.CopyToAsync(body, stop);
        return body.ToArray();
    }

    private static UpstreamResource ResourceOf(Query query) => query.Kind switch
    {
        QueryKind.List => UpstreamResource.List(query.Path),
        QueryKind.Latest => UpstreamResource.Latest(query.Path),
        _ => VersionQuery.TryParse(query.Path, query.Revision, out var revision, out var error)
            ? UpstreamResource.Query(revision)
            : throw new ArgumentException(error, nameof(query)),
    };
}
