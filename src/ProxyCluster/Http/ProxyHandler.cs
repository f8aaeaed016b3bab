using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using ProxyCluster.Outcomes;
using ProxyCluster.Queries;
using ProxyCluster.Sockets;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Http;

/// <summary>
/// The one handler behind the server: every request of every client comes through here, once.
/// <para>
/// Order of the walk: cheap rejects, then the memory cache by a slice of the raw target (no parsing, next to no
/// allocation), then parsing, then the room that answers. Routing frameworks are left out on purpose: module paths hold
/// bytes that they would normalise, and a hit should cost little more than the server itself.
/// </para>
/// </summary>
internal sealed class ProxyHandler(
    HotCache hot,
    QueryCache queries,
    ArtifactResponse artifacts,
    Responses responses,
    ModuleEndpoints modules,
    ChecksumDatabaseEndpoints checksumDatabases,
    SystemEndpoints system,
    PeerEndpoints peers,
    AdminEndpoints admin,
    Forwarder forwarder,
    ProxyMetrics metrics,
    IOptions<HttpOptions> options)
{
    /// <summary>Stands before a path that is to be answered from what is stored.</summary>
    public const string CachedOnlyPrefix = "/cached-only";

    private readonly string _basePath = options.Value.BasePath;

    /// <summary>Answers one request and counts it.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var started = Stopwatch.GetTimestamp();
        metrics.ActiveRequests.Add(1);
        var seen = Seen.Aborted;
        try
        {
            seen = await AnswerAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left; there is nobody to answer.
        }
        finally
        {
            var duration = Stopwatch.GetElapsedTime(started);
            metrics.ActiveRequests.Add(-1);
            if (seen.IsOfClient || (seen == Seen.Aborted && !context.RequestAborted.IsCancellationRequested))
                metrics.Traffic.CountRequest(duration, seen.IsOwnFailure, seen.WasHere);
            metrics.RequestDuration.Record(
                duration.TotalSeconds,
                new("artifact", seen.Artifact),
                new("outcome", seen.Outcome),
                new("status", Statuses.Boxed(context.Response.StatusCode)));
            Tracing.DescribeRequest(
                context.Request.Method, seen.Artifact, context.Response.StatusCode, seen.FailureCauseOrNull);
            if (context.Response.ContentLength is > 0 and var bytes && !HttpMethods.IsHead(context.Request.Method))
                metrics.ServedBytes.Add(bytes, new KeyValuePair<string, object?>("artifact", seen.Artifact));
        }
    }

    private async ValueTask<Seen> AnswerAsync(HttpContext context)
    {
        var request = context.Features.GetRequiredFeature<IHttpRequestFeature>();
        var target = request.RawTarget;
        var hops = 0;

        // HTTP/1 keeps one feature object for all requests of a connection.
        if (SocketThread.IsTurnOver(request))
            await SocketThread.LeaveAsync();

        if (peers.IsElsewhere(context, target))
        {
            await responses.WriteTextAsync(context, 404, "not found\n", context.RequestAborted);
            return new Seen("other", "not-found");
        }

        if (PeerEndpoints.IsInternal(target))
        {
            await SocketThread.LeaveAsync();
            var (answered, forwarded) = await peers.AnswerAsync(context, target);
            if (forwarded is null)
                return answered ?? default;
            (target, hops) = (forwarded.Target, forwarded.Hops);
        }
        else if (AdminEndpoints.IsAdmin(target))
        {
            await SocketThread.LeaveAsync();
            return await admin.AnswerAsync(context, target);
        }

        // Nothing here takes a body, and one that nobody reads is how requests are smuggled past a front end.
        var hasBody = context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };
        if (hasBody)
            context.Response.Headers.Connection = "close";

        if (Tracing.IsOn)
            NameModule(target);

        var method = context.Request.Method;
        if (!HttpMethods.IsGet(method) && !HttpMethods.IsHead(method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            await responses.WriteTextAsync(context, 405, "only GET and HEAD are served here\n", context.RequestAborted);
            return new Seen("other", "method");
        }

        if (hasBody)
        {
            var unwanted = new Failure(FailureKind.BadRequest, "a request for a module has no body");
            await responses.WriteFailureAsync(context, unwanted, false, context.RequestAborted);
            return new Seen("other", "bad-request");
        }

        if (hops == 0 && forwarder.Applies(context) && !SystemEndpoints.Has(RequestTarget.PathOf(target)))
        {
            await SocketThread.LeaveAsync();
            if (await forwarder.ForwardAsync(context, target, hops) is { } passedOn)
                return passedOn;
        }

        metrics.Traffic.Begin();
        try
        {
            if (FindHot(target, context) is { } seen)
            {
                await seen.Writing;
                return seen.Seen;
            }

            await SocketThread.LeaveAsync();
            return await AnswerParsedAsync(context, target);
        }
        finally
        {
            metrics.Traffic.End();
        }
    }

    /// <summary>Hot path. Answers artifacts and queries that memory holds; null for everything else.</summary>
    private (Seen Seen, Task Writing)? FindHot(string target, HttpContext context)
    {
        var path = target.AsSpan();
        if (!path.StartsWith(_basePath, StringComparison.Ordinal))
            return null;

        path = path[_basePath.Length..];
        if (path.Length < 2 || path[0] != '/')
            return null;

        var key = path[1..];
        if (hot.FindOrNull(key) is { Body: not null } artifact)
        {
            artifacts.WriteHot(context, artifact, out var writing);
            metrics.StoreReads.Add(1, new("artifact", DiskStore.LabelOf(artifact.Kind)), new("tier", "memory"));
            return (new Seen(DiskStore.LabelOf(artifact.Kind), "hit"), writing);
        }

        return queries.FindFreshOrNull(key) is { } answer
            ? (new Seen("query", "hit"), modules.WriteAnswerAsync(context, key, answer))
            : null;
    }

    private void NameModule(string target)
    {
        if (RequestTarget.TryDecode(RequestTarget.PathOf(target), out var path, out _)
            && path.StartsWith(_basePath + "/", StringComparison.Ordinal))
            ProxyRequest.Parse(WithoutCachedOnly(path[_basePath.Length..], out _)[1..]).NameModule();
    }

    private static string WithoutCachedOnly(string path, out bool isCachedOnly)
    {
        isCachedOnly = path.StartsWith(CachedOnlyPrefix + "/", StringComparison.Ordinal);
        return isCachedOnly ? path[CachedOnlyPrefix.Length..] : path;
    }

    private async Task<Seen> AnswerParsedAsync(HttpContext context, string target)
    {
        var cancel = context.RequestAborted;
        if (!RequestTarget.TryDecode(RequestTarget.PathOf(target), out var path, out var error))
        {
            await responses.WriteFailureAsync(context, new Failure(FailureKind.BadRequest, error), false, cancel);
            return new Seen("other", "bad-request");
        }

        // go writes '!' as %21, so every module with a capital letter in its path is found only now.
        if (path != target && FindHot(path, context) is { } seen)
        {
            await seen.Writing;
            return seen.Seen;
        }

        if (await system.TryAnswerAsync(context, path))
            return new Seen("system", "ok");

        if (!path.StartsWith(_basePath, StringComparison.Ordinal)
            || path.Length == _basePath.Length || path[_basePath.Length] != '/')
        {
            var elsewhere = new Failure(FailureKind.NotFound, $"not found: modules are served below {_basePath}/");
            await responses.WriteFailureAsync(context, elsewhere, false, cancel);
            return new Seen("other", "not-found");
        }

        var request = ProxyRequest.Parse(WithoutCachedOnly(path[_basePath.Length..], out var cachedOnly)[1..]);
        cachedOnly |= string.Equals(context.Request.Headers["Disable-Module-Fetch"], "true", StringComparison.OrdinalIgnoreCase);
        return request.Asked == Asked.ChecksumDatabase
            ? await checksumDatabases.AnswerAsync(context, request.Text, cachedOnly, cancel)
            : await modules.AnswerAsync(context, request, cachedOnly, cancel);
    }
}

/// <summary>What a request was and what became of it, as metric labels.</summary>
internal readonly record struct Seen(string Artifact, string Outcome)
{
    /// <summary>A request that ended without an answer: its client left, or we failed.</summary>
    public static readonly Seen Aborted = new("other", "aborted");

    /// <summary>Whether it was a client's, and about modules.</summary>
    public bool IsOfClient => Artifact is not ("other" or "system" or "peer" or "admin");

    /// <summary>Whether it failed for a reason that another region might not have; an upstream's outage is none.</summary>
    public bool IsOwnFailure => Outcome is "store-unavailable" or "overloaded" or "peer-unavailable" or "loop-detected" or "broken" or "aborted";

    /// <summary>Whether the answer was here; null where nothing was looked for here.</summary>
    public bool? WasHere => Outcome switch
    {
        "hit" or "stale" => true,
        "miss" => false,
        _ => null,
    };

    /// <summary>The outcome where it is the cause of a failure; null for answers.</summary>
    public string? FailureCauseOrNull => Outcome is "hit" or "miss" or "stale" or "ok" ? null : Outcome;
}

/// <summary>Status codes as label values without an allocation per request.</summary>
internal static class Statuses
{
    private static readonly object[] All = [.. Enumerable.Range(0, 600).Select(static i => (object)i)];

    public static object Boxed(int status) => (uint)status < (uint)All.Length ? All[status] : status;
}
