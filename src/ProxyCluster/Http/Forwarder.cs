using System.Collections.Immutable;
using System.Net;
using ProxyCluster.Clustering;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Joining;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Http;

/// <summary>
/// Passes clients' requests on to silos: all of them on a front end, and on a silo those that name another region or
/// arrive while its own region is out of service.
/// <para>
/// A silo that cannot be reached, stays silent or says that it cannot serve now is followed by the next one within the
/// same request. When a silo dies in the middle of a body, the rest comes from the next one: artifacts never change, so
/// the same entity tag means the same bytes, and the client sees one uninterrupted answer. A body that nobody can
/// continue ends with a broken connection, never as if it were whole.
/// </para>
/// <para>What a front end need not pass on, because it remembers it, says <see cref="FrontEndMemory"/>.</para>
/// </summary>
internal sealed class Forwarder(
    ClusterSelf self,
    PeerLines lines,
    Pulse pulse,
    HedgedAsk hedged,
    FrontEndMemory memory,
    PassedBody bodies,
    Responses responses,
    IHostApplicationLifetime lifetime,
    ProxyMetrics metrics,
    TimeProvider clock)
{
    /// <summary>The header by which a request names the region that shall answer.</summary>
    public const string RegionHeader = "X-Region";

    private const int MaxSilos = 8;

    private const string Overloaded = "overloaded";

    private static readonly TimeSpan QuestionLimit = TimeSpan.FromSeconds(3);

    private static readonly HashSet<string> Outages = new(
        Enum.GetValues<FailureKind>().Where(static kind => HedgedAsk.After(kind) != NextStep.Stop).Select(static kind => FailureTable.For(kind).Cause),
        StringComparer.Ordinal);

    private static readonly string[] PassedDown = ["If-None-Match", "If-Range", "Range", "Disable-Module-Fetch", "traceparent", RequestAudit.RequestHeader, RequestAudit.BuildHeader];

    // Hop by hop (RFC 9110 §7.6.1), or ours to say.
    private static readonly HashSet<string> NotPassedUp = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Date", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Server", "TE",
        "Trailer", "Transfer-Encoding", "Upgrade", PeerCalls.TimeHeader,
    };

    private readonly JoinedTasks<HotArtifact, bool> _questions = new(lifetime.ApplicationStopped);

    /// <summary>Must this request of a client be answered elsewhere?</summary>
    public bool Applies(HttpContext context) =>
        self.IsFrontEnd
        || !self.View.Routing.IsUsable(self.Region)
        || (context.Request.Headers[RegionHeader] is [{ } region] && region != self.Region && self.View.Routing.IsUsable(region)
            && self.View.Members.Any(m => m.Region == region && m.IsSilo));

    /// <summary>
    /// The artifact from memory, after a silo was asked about one that was not for some time: once for all who wait. Null
    /// where the request is to be passed on.
    /// </summary>
    public async ValueTask<HotArtifact?> RememberOrNullAsync(HttpContext context, string target, Ask ask)
    {
        if (memory.FindOrNull(ask) is not { } entry)
            return null;
        if (memory.Believes(entry))
            return entry;

        // Who wants only what is stored asks for himself: for others it might be fetched.
        return ask.Level != AskLevel.Stored && await _questions.RunAsync(entry, (_, stop) => StillHoldsAsync(entry, target, ask, stop), context.RequestAborted)
            ? entry
            : null;
    }

    private async Task<bool> StillHoldsAsync(HotArtifact entry, string target, Ask ask, CancellationToken stop)
    {
        // Whoever came too late for the last question need not ask it again.
        if (memory.Believes(entry))
            return true;

        // For headers alone: a silo that gives something else now is asked for that by whoever wants it.
        var (askedAt, wasAsked) = (clock.GetTimestamp(), false);
        using var late = new CancellationTokenSource(QuestionLimit, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        try
        {
            var answer = await AskAsync(
                HttpMethod.Head, PeerTarget.Forward(ask.Who, target), SilosFor(ask, null), 0, null, _ => wasAsked = true, both.Token);
            if (answer.TryGet(out var reply, out _))
            {
                using (reply)
                {
                    if (!Confirms(reply.Response, entry))
                    {
                        memory.Drop(ask);
                        return false;
                    }
                }
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // Silence is no word either, and nobody waits for its end.
        }

        // Nobody is asked on behalf of clients who have left, and then nothing is known.
        if (wasAsked)
            FrontEndMemory.Believe(entry, askedAt);
        return true;
    }

    // Or says nothing of it: an outage behind a silo withdraws nothing.
    private static bool Confirms(HttpResponseMessage answer, HotArtifact entry) =>
        (answer.StatusCode == HttpStatusCode.OK && answer.Headers.ETag?.Tag == entry.ETag && FrontEndMemory.IsForAnybody(answer)) || (CauseOrNull(answer) is { } cause && Outages.Contains(cause));

    /// <summary>
    /// Passes the request on and its answer back. Null when no silo answered and this one, being a silo itself, can try:
    /// nothing was sent to the client then.
    /// </summary>
    public async Task<Seen?> ForwardAsync(HttpContext context, string target, Ask ask)
    {
        var cancel = context.RequestAborted;
        var silos = SilosFor(ask, context.Request.Headers[RegionHeader] is [{ } region] ? region : null);
        var isKept = HttpMethods.IsGet(context.Request.Method) && memory.Serves(context);
        var offset = 0L;
        var started = false;
        string? etag = null;
        while (true)
        {
            // 1. An answer from the first silo that has one; after a broken body, only the rest of the same bytes.
            var asked = memory.Now;
            var answer = await AskAsync(
                new HttpMethod(context.Request.Method), PeerTarget.Forward(ask.Who, target), silos, offset, etag, Headers, cancel);
            if (!answer.TryGet(out var reply, out var failure))
            {
                if (!started)
                {
                    if (!self.IsFrontEnd)
                        return null;

                    await responses.WriteFailureAsync(context, failure, false, cancel);
                    return new Seen("forward", FailureTable.For(failure.Kind).Cause);
                }

                context.Abort();
                return new Seen("forward", "broken");
            }

            using var response = reply.Response;
            if (!started)
            {
                CopyHeaders(response, context.Response);
                etag = response.Headers.ETag?.Tag;
                started = true;
                if (HttpMethods.IsHead(context.Request.Method) || response.StatusCode == HttpStatusCode.NotModified)
                {
                    Count(reply.Silo, "ok");
                    return new Seen("forward", "ok");
                }
            }

            // 2. Its body, as far as it comes: all at once if it is to be kept, and otherwise without what the client has, where the
            // silo sends all of it again.
            var (copied, isWhole) = isKept && offset == 0 && memory.SizeToKeepOrNull(ask, reply.Silo, response) is { } size
                ? await bodies.KeepAsync(reply.Silo, response, size, ask, asked, context.Response, cancel)
                : await bodies.CopyAsync(reply.Silo, response, response.StatusCode == HttpStatusCode.OK ? offset : 0, context.Response, cancel);
            offset += copied;
            if (isWhole)
            {
                Count(reply.Silo, "ok");
                return new Seen("forward", "ok") { HasCountedBytes = true };
            }

            // 3. The next silo continues, if what we sent can be told apart from everything else, or begins anew.
            Count(reply.Silo, "retried");
            silos = silos.Remove(reply.Silo);
            if (!context.Response.HasStarted)
            {
                context.Response.Clear();
                started = false;
                continue;
            }

            if (etag is null || context.Request.Headers.Range.Count > 0 || silos.IsEmpty)
            {
                context.Abort();
                return new Seen("forward", "broken");
            }
        }

        void Headers(HttpRequestMessage message)
        {
            foreach (var name in PassedDown)
            {
                if (context.Request.Headers.TryGetValue(name, out var values))
                    message.Headers.TryAddWithoutValidation(name, values.ToString());
            }
        }
    }

    private ImmutableArray<Member> SilosFor(Ask ask, string? wantedRegion) =>
    [
        .. RouteOrder.For(KeyOf(ask.What), wantedRegion, self.Region, self.View)
            .Where(m => m.Id != self.Member.Id)
            .OrderBy(m => pulse.IsGood(m.Id) ? 0 : 1)
            .Take(MaxSilos),
    ];

    private sealed record Reply(Member Silo, HttpResponseMessage Response) : IDisposable
    {
        public void Dispose() => Response.Dispose();
    }

    private void Count(Member silo, string outcome) =>
        metrics.Forwards.Add(1, new("region", silo.Region), new("outcome", outcome));

    private Task<Outcome<Reply>> AskAsync(
        HttpMethod method, string target, ImmutableArray<Member> silos, long offset, string? etag, Action<HttpRequestMessage> addHeaders, CancellationToken cancel) =>
        silos.IsEmpty
            ? Task.FromResult<Outcome<Reply>>(new Failure(
                FailureKind.PeerUnavailable, $"no silo of any usable region is known to this front end of {self.Region}"))
            : hedged.RunAsync(
                [.. silos.Select(static silo => new AskStep(silo, AskLevel.Client))],
                (step, _, stop) => AskOneAsync(method, target, step.Peer!, offset, etag, addHeaders, stop),
                cancel);

    private async Task<Outcome<Reply>> AskOneAsync(
        HttpMethod method, string target, Member silo, long offset, string? etag, Action<HttpRequestMessage> addHeaders, CancellationToken cancel)
    {
        var sent = await lines.SendAsync(
            silo,
            method,
            target,
            message =>
            {
                if (offset > 0)
                {
                    message.Headers.TryAddWithoutValidation("Range", $"bytes={offset}-");
                    message.Headers.TryAddWithoutValidation("If-Range", etag);
                }
                else
                {
                    addHeaders(message);
                }
            },
            cancel);
        if (!sent.TryGet(out var response, out var failure))
        {
            Count(silo, "retried");
            return failure;
        }

        if (WhyNotOrNull(response, offset, etag) is not { } why)
            return new Reply(silo, response);

        response.Dispose();
        Count(silo, "retried");

        // Its client's excess, or everybody's: no silo is ill of it.
        return CauseOrNull(response) == Overloaded
            ? new Failure(FailureKind.Overloaded, $"{silo.Id} refuses more work for the moment")
            : PeerCalls.Unavailable(silo, why);
    }

    private static string? CauseOrNull(HttpResponseMessage response) =>
        response.Headers.TryGetValues(Responses.CauseHeader, out var values) ? values.FirstOrDefault() : null;

    // What another silo may do better: this one is full, stopping, lost in a circle, or has other bytes than we began with.
    private static string? WhyNotOrNull(HttpResponseMessage response, long offset, string? etag)
    {
        if (offset > 0)
        {
            return response.StatusCode is HttpStatusCode.PartialContent or HttpStatusCode.OK && response.Headers.ETag?.Tag == etag
                ? null
                : "it cannot continue the body that another silo began";
        }

        var cause = CauseOrNull(response);
        return cause is Overloaded or "store-unavailable" or "loop-detected" or "peer-unavailable"
            || (response.StatusCode >= HttpStatusCode.InternalServerError && cause is null)
                ? $"it answered {(int)response.StatusCode} ({cause ?? "no cause"})"
                : null;
    }

    private static void CopyHeaders(HttpResponseMessage from, HttpResponse to)
    {
        to.StatusCode = (int)from.StatusCode;
        var ofThisHop = from.Headers.NonValidated.TryGetValues("Connection", out var connection)
            ? connection.ToString().Split(',', StringSplitOptions.TrimEntries)
            : [];
        foreach (var (name, values) in from.Headers.NonValidated.Concat(from.Content.Headers.NonValidated))
        {
            if (!NotPassedUp.Contains(name) && !ofThisHop.Contains(name, StringComparer.OrdinalIgnoreCase))
                to.Headers[name] = values.ToString();
        }
    }

    // The same key as ownership has: path@version for artifacts, the path for queries.
    private static string KeyOf(ProxyPath what) => what.Asked switch
    {
        Asked.Artifact => what.Module.ToString(),
        Asked.Query or Asked.VersionPrefix => what.Query.Path.Value,
        _ => what.Text,
    };
}
