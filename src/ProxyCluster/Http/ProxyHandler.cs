using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using ProxyCluster.Access;
using ProxyCluster.Clustering;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.Queries;
using ProxyCluster.Sockets;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Http;

/// <summary>
/// The one handler behind the server: every request of every client comes through here, once.
/// <para>
/// In order: cheap rejects, then the memory cache by a slice of the raw target (no parsing, next to no allocation), then
/// the question, made once (<see cref="Ask"/>), then the room that answers. Routing frameworks are left out on purpose: module paths hold
/// bytes that they would normalise, and a hit should cost little more than the server itself.
/// </para>
/// </summary>
internal sealed class ProxyHandler(
    HotCache hot,
    QueryCache queries,
    ClientLogins logins,
    AccessRules access,
    ModuleGate gate,
    PolicyAnswers policy,
    RequestAudit audit,
    ArtifactResponse artifacts,
    Responses responses,
    ModuleEndpoints modules,
    ModulePages pages,
    ChecksumDatabaseEndpoints checksumDatabases,
    SystemEndpoints system,
    PeerEndpoints peers,
    AdminEndpoints admin,
    Forwarder forwarder,
    FrontEndMemory memory,
    ProxyMetrics metrics,
    TimeProvider clock,
    IOptions<HttpOptions> options)
{
    /// <summary>Stands before a path that is to be answered from what is stored.</summary>
    public const string CachedOnlyPrefix = "/cached-only";

    private static readonly object ForwardedClient = new();

    private readonly string _basePath = options.Value.BasePath;

    /// <summary>Answers one request and counts it.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var started = Stopwatch.GetTimestamp();
        metrics.ActiveRequests.Add(1);
        var seen = Seen.Aborted;
        var place = context.Features.Get<ConnectionPlace>();
        var hasRoom = place is null || place.Begin();
        try
        {
            seen = !hasRoom && !IsAlwaysHeard(context)
                ? await RefusePlaceAsync(context)
                : await AnswerAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left; there is nobody to answer.
        }
        finally
        {
            var duration = Stopwatch.GetElapsedTime(started);
            var ended = place?.Finish(isWasted: !hasRoom || seen == Seen.Aborted || context.Response.StatusCode is >= 400 and < 500) ?? clock.GetTimestamp();
            metrics.ActiveRequests.Add(-1);
            var (client, isMembers) = Client(context, place);
            if (!isMembers || seen.IsUnsigned)
                metrics.Clients.CountRequest(client, seen.IsRefused, ended);
            if (seen.IsOfClient || (seen == Seen.Aborted && !context.RequestAborted.IsCancellationRequested))
            {
                metrics.Traffic.CountRequest(duration, seen.IsOwnFailure, seen.WasHere, client);
                if (seen.Artifact == "query")
                    metrics.Traffic.CountQuery(seen.MetOutage, client);
            }

            metrics.RequestDuration.Record(
                duration.TotalSeconds,
                new("artifact", seen.Artifact),
                new("outcome", seen.Outcome),
                new("status", Statuses.Boxed(context.Response.StatusCode)));
            Tracing.DescribeRequest(
                context.Request.Method, seen.Artifact, context.Response.StatusCode, seen.FailureCauseOrNull);
            if (context.Response.ContentLength is > 0 and var bytes
                && !HttpMethods.IsHead(context.Request.Method)
                && seen is { HasCountedBytes: false, IsCutOff: false })
                metrics.ServedBytes.Add(bytes, new KeyValuePair<string, object?>("artifact", seen.Artifact));
        }
    }

    // What is answered from what this process knows of itself, or refused without a signature.
    private static bool IsAlwaysHeard(HttpContext context) =>
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget is var target
        && (target is "/healthz" or "/readyz" || PeerEndpoints.IsInternal(target));

    private async Task<Seen> RefusePlaceAsync(HttpContext context)
    {
        context.Response.Headers.Connection = "close";
        return await FailAsync(context, new Failure(
            FailureKind.Overloaded, "too many requests are under way here, and too many of this client's, or what it asks for comes to nothing"));
    }

    private async ValueTask<Seen> AnswerAsync(HttpContext context)
    {
        var request = context.Features.GetRequiredFeature<IHttpRequestFeature>();
        var target = request.RawTarget;
        ForwardedRequest? forwarded = null;

        // HTTP/1 keeps one feature object for all requests of a connection.
        if (SocketThread.IsTurnOver(request))
            await SocketThread.LeaveAsync();

        if (peers.IsElsewhere(context, target))
        {
            await responses.WriteTextAsync(context, 404, "not found\n", context.RequestAborted);
            return new Seen("other", "not-found");
        }

        // 1. Members and operators have doors of their own; what a member passes on for a client comes back here.
        if (PeerEndpoints.IsInternal(target))
        {
            if (!PeerTarget.IsForward(target))
                await SocketThread.LeaveAsync();
            (var answered, forwarded) = await peers.AnswerAsync(context, target);
            if (forwarded is null)
                return answered ?? default;
            target = forwarded.Target;
            context.Items[ForwardedClient] = forwarded.Who.Address;
        }
        else if (AdminEndpoints.IsAdmin(target))
        {
            await SocketThread.LeaveAsync();
            return await admin.AnswerAsync(context, target);
        }

        // 2. What nothing here takes.
        var hasBody = context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };
        var isRead = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        if (hasBody || !isRead)
            return await RefuseAsync(context, hasBody, isRead);

        // 3. Who it is, where it says so; another member that passes it on has looked.
        var login = default(ClientLogin);
        if (forwarded is null && logins.AreGiven(context))
        {
            await SocketThread.LeaveAsync();
            login = await logins.ProveAsync(context);
        }

        // 4. From memory, by the target as it came.
        var isPassedOn = forwarded is null && forwarder.Applies(context);
        var isRemembered = login.Refusal is null && (!isPassedOn || memory.Serves(context));
        if (isRemembered && FindHot(target, context, forwarded?.Who, login) is { } hit)
            return await CountedAsync(hit);

        // 5. Everything else is read first. What another member answers costs this one little more than a hit.
        if (!isPassedOn)
            await SocketThread.LeaveAsync();
        return await AnswerReadAsync(context, target, forwarded, login, isPassedOn, isRemembered);
    }

    private async Task<Seen> RefuseAsync(HttpContext context, bool hasBody, bool isRead)
    {
        // A body that nobody reads is how requests are smuggled past a front end.
        if (hasBody)
            context.Response.Headers.Connection = "close";
        if (isRead)
            return await FailAsync(context, new Failure(FailureKind.BadRequest, "a request for a module has no body"));

        context.Response.Headers.Allow = "GET, HEAD";
        await responses.WriteTextAsync(context, 405, "only GET and HEAD are served here\n", context.RequestAborted);
        return new Seen("other", "method");
    }

    /// <summary>Hot path. Answers artifacts and queries that memory holds for anybody; null for everything else.</summary>
    private (Seen Seen, Task Writing)? FindHot(string target, HttpContext context, Asker? forwarded, in ClientLogin login)
    {
        var path = target.AsSpan();
        if (!path.StartsWith(_basePath, StringComparison.Ordinal))
            return null;
        path = path[_basePath.Length..];
        if (!access.TryCutNamespace(ref path, out var inNamespace) || path.Length < 2 || path[0] != '/')
            return null;

        var key = path[1..];
        var now = gate.Now;
        if (hot.FindOrNull(key) is { Body: not null } artifact && artifact.AcceptedBy == now.Version && memory.Believes(artifact))
        {
            NamePolicy(context, now);
            NameModule(key);
            var written = WriteHot(context, artifact);
            if (audit.KeepsDownloads)
            {
                var who = forwarded ?? new Asker(context.Connection.RemoteIpAddress) { Identity = login.Who };
                audit.Hit(context, target, target.Length - key.Length, artifact.Stored.Origin, now.Policy, who with { Namespace = inNamespace });
            }

            return written;
        }

        if (queries.FindFreshOrNull(key, now.Version) is not { } answer)
            return null;
        NamePolicy(context, now);
        NameModule(key);
        return (new Seen("query", "hit"), modules.WriteAnswerAsync(context, key, answer));
    }

    private (Seen Seen, Task Writing) WriteHot(HttpContext context, HotArtifact artifact)
    {
        artifacts.WriteHot(context, artifact, out var writing);
        metrics.StoreReads.Add(1, new("artifact", DiskStore.LabelOf(artifact.Kind)), new("tier", "memory"));
        return (new Seen(DiskStore.LabelOf(artifact.Kind), "hit"), writing);
    }

    // Where a write does not end at once, its client takes its time, and a drain waits for it.
    private ValueTask<Seen> CountedAsync((Seen Seen, Task Writing) hit) =>
        hit.Writing.IsCompletedSuccessfully ? new(hit.Seen) : AwaitedAsync(hit);

    private async ValueTask<Seen> AwaitedAsync((Seen Seen, Task Writing) hit)
    {
        metrics.Traffic.Begin();
        try
        {
            await hit.Writing;
            return hit.Seen;
        }
        finally
        {
            metrics.Traffic.End();
        }
    }

    private static void NamePolicy(HttpContext context, GateMoment now)
    {
        if (now.Policy.Length > 0)
            context.Response.Headers[PolicyAnswers.NumberHeader] = now.Policy;
    }

    private static void NameModule(ReadOnlySpan<char> key)
    {
        if (Tracing.IsOn)
            Tracing.NameModule(ProxyPath.Parse(key.ToString()));
    }

    private async Task<Seen> AnswerReadAsync(
        HttpContext context, string target, ForwardedRequest? forwarded, ClientLogin login, bool isPassedOn, bool isRemembered)
    {
        // 1. The path, decoded once. The root may be a directory's name with or without its slash.
        if (RequestTarget.PathOf(target).TrimEnd('/').SequenceEqual(_basePath))
            target = "/";
        if (!RequestTarget.TryDecode(RequestTarget.PathOf(target), out var path, out var error))
            return await FailAsync(context, login.Refusal ?? new Failure(FailureKind.BadRequest, error));

        // go writes '!' as %21, so every module with a capital letter in its path is found only now.
        if (isRemembered && path != target && FindHot(path, context, forwarded?.Who, login) is { } hit)
            return await CountedAsync(hit);

        // 2. What is asked of this process itself, however it is spelled, and never on a client's behalf by another member. By the
        // root, go finds out whether it should keep a login; the rest is for machines, which have none.
        if (path == "/" && (login.Refusal ?? RootRefusalOrNull(login)) is { } keptOut)
            return await FailAsync(context, keptOut);
        if (forwarded is null && await system.TryAnswerAsync(context, path))
            return new Seen("system", "ok");
        if (login.Refusal is { } wrong)
        {
            audit.WrongLogin(context, path, wrong);
            return await FailAsync(context, wrong);
        }

        // 3. The question, made here and nowhere else.
        var client = forwarded?.Who ?? new Asker(context.Connection.RemoteIpAddress) { Identity = login.Who };
        if (!TryAsk(context, path, client, forwarded is null ? Door.Client : Door.Forwarded, out var ask, out var failure))
            return await pages.SendOrNullAsync(context, path, client) ?? await FailAsync(context, failure);
        Tracing.NameModule(ask.What);
        policy.Follow(context, ask);

        // 4. May it know of that? Before anything is looked for or passed on. What else may not be asked says the walk, here or there.
        var verdict = gate.Judge(ask);
        if (!verdict.IsForAnybody)
            Responses.KeepPrivate(context.Response);
        if (verdict.Refusal is { } refusal)
        {
            var isHidden = refusal.Kind is FailureKind.Hidden or FailureKind.LoginRequired;
            if (isHidden)
                logins.NoteRefusal(context, ask.Who.Identity, refusal.Kind == FailureKind.Hidden ? "hidden" : "login-required", ask.Who.Namespace, path);
            if (isHidden || isPassedOn)
            {
                var refused = await FailAsync(context, refusal);
                audit.Answered(context, ask, refused, refusal);
                return refused;
            }
        }

        // 5. By another silo or region where it belongs there. That one walks.
        if (isPassedOn && isRemembered && await forwarder.RememberOrNullAsync(context, RequestTarget.From(target), ask) is { } known)
        {
            var written = WriteHot(context, known);
            audit.Answered(context, ask, written.Seen with { Origin = known.Stored.Origin }, null);
            return await CountedAsync(written);
        }

        if (isPassedOn && await forwarder.ForwardAsync(context, RequestTarget.From(target), ask) is { } passedOn)
            return passedOn;

        await SocketThread.LeaveAsync();
        metrics.Traffic.Begin();
        try
        {
            var seen = ask.What.Asked == Asked.ChecksumDatabase
                ? await checksumDatabases.AnswerAsync(context, ask, context.RequestAborted)
                : await modules.AnswerAsync(context, ask, context.RequestAborted);
            audit.Answered(context, ask, seen, verdict.Refusal);
            if (ask.What.Asked != Asked.ChecksumDatabase && (seen.WasHere == false || seen.MetOutage))
                metrics.Troubled.Count((ask.What.Asked == Asked.Artifact ? ask.Module.Path : ask.What.Query.Path).Value);
            return seen;
        }
        finally
        {
            metrics.Traffic.End();
        }
    }

    // Whose request it was, and whether that is a member that asked for itself. Of what was passed on, the first member that
    // met the client said who it is. Hot path: for a client's own request nothing is made.
    private static (ClientAddress Client, bool IsMembers) Client(HttpContext context, ConnectionPlace? place)
    {
        var isInternal = PeerEndpoints.IsInternal(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        return isInternal && context.Items.TryGetValue(ForwardedClient, out var client)
            ? (ClientAddress.Of(client as IPAddress), false)
            : (place?.Share.Client ?? ClientAddress.Of(context.Connection.RemoteIpAddress), isInternal);
    }

    // Anonymous clients have no business where nothing is for them.
    private Failure? RootRefusalOrNull(ClientLogin login) =>
        access.HasLogins && !access.IsAnythingOpen && login.Who is null ? new Failure(FailureKind.LoginRequired, "this proxy is for those who log in") : null;

    private bool TryAsk(
        HttpContext context, string path, Asker who, Door from, out Ask ask, [NotNullWhen(false)] out Failure? failure)
    {
        ask = default;
        failure = new Failure(FailureKind.NotFound, $"not found: modules are served below {_basePath}/");
        if (!path.StartsWith(_basePath, StringComparison.Ordinal) || path.Length == _basePath.Length || path[_basePath.Length] != '/')
            return false;
        var below = path.AsSpan(_basePath.Length);
        failure = new Failure(FailureKind.Hidden, "not found: there is no such namespace");
        if (!access.TryCutNamespace(ref below, out var inNamespace) || below.IsEmpty)
            return false;

        path = below.ToString();
        var isCachedOnly = path.StartsWith(CachedOnlyPrefix + "/", StringComparison.Ordinal);
        var what = ProxyPath.Parse(path[(isCachedOnly ? CachedOnlyPrefix.Length + 1 : 1)..]);
        isCachedOnly |= string.Equals(context.Request.Headers["Disable-Module-Fetch"], "true", StringComparison.OrdinalIgnoreCase);
        failure = new Failure(FailureKind.NotFound, $"not found: {what.Text}");
        if (what.Asked == Asked.Nothing)
            return false;

        ask = new Ask(what, who with { Namespace = inNamespace }, isCachedOnly ? AskLevel.Stored : AskLevel.Client, from)
        {
            Trail = what.Asked == Asked.ChecksumDatabase ? null : gate.NewTrail(who with { Namespace = inNamespace }),
        };
        failure = null;
        return true;
    }

    private async Task<Seen> FailAsync(HttpContext context, Failure failure)
    {
        await responses.WriteFailureAsync(context, failure, false, context.RequestAborted);
        return new Seen("other", FailureTable.For(failure.Kind).Cause);
    }
}
