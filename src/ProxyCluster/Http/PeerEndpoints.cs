using System.Globalization;
using System.IO.Pipelines;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using ProxyCluster.Admin;
using ProxyCluster.Clustering;
using ProxyCluster.Copies;
using ProxyCluster.Gate;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.Sockets;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;
using ProxyCluster.Walk;

namespace ProxyCluster.Http;

/// <summary>
/// Answers other members of the cluster, and nobody else: without a fresh signature by the cluster's secret there is a
/// 401 or 403 and nothing happens. While the work for a member goes on, it gets heartbeats.
/// </summary>
internal sealed class PeerEndpoints(
    PeerDoor door,
    ArtifactWalk walk,
    QueryWalk queries,
    RepositoryWalk repositories,
    CopyTaker copies,
    Forgetting forgetting,
    ClusterSelf self,
    ArtifactResponse artifacts,
    Responses responses,
    ProxyMetrics metrics,
    IOptions<PeerOptions> options,
    IOptions<ClusteringOptions> cluster,
    TimeProvider clock)
{
    private static readonly TimeSpan FirstHeartbeat = TimeSpan.FromMilliseconds(50);

    private readonly bool _hasOwnAddresses = cluster.Value.InternalAddresses().Count > 0;

    private static readonly StringValues Frames = "application/vnd.proxycluster.frames";

    /// <summary>Is this a target for members?</summary>
    public static bool IsInternal(string target) => target.StartsWith(PeerCalls.Prefix, StringComparison.Ordinal);

    /// <summary>
    /// Did this target come to an address that does not have it? Never where there is one sort of addresses only.
    /// </summary>
    public bool IsElsewhere(HttpContext context, string target) =>
        _hasOwnAddresses && IsInternal(target) != context.Features.Get<InternalConnection>() is not null;

    /// <summary>
    /// Admits the call and answers it, unless it is a forwarded request of a client: that one is given back, for the
    /// handler to answer like any other.
    /// </summary>
    public async Task<(Seen? Seen, ForwardedRequest? Forwarded)> AnswerAsync(HttpContext context, string target)
    {
        var cancel = context.RequestAborted;
        var credentials = context.Request.Headers[PeerSignature.Header].ToString();
        var body = credentials.Length == 0 ? [] : await RequestBody.ReadOrNullAsync(context.Request, cancel);
        if (body is null)
            return (await NothingAsync(context, cancel), null);

        var call = new PeerCall(
            credentials,
            context.Request.Method,
            self.Member.Address.Authority,
            target,
            body,
            context.Features.Get<InternalConnection>() is { IsCertified: true });
        var admission = door.Admit(call, out var signature);
        if (admission != Admission.Admitted)
        {
            await RefuseAsync(context, admission);
            return (new Seen("peer", "refused"), null);
        }

        context.Features.Get<ConnectionPlace>()?.GiveBack();
        if (!PeerTarget.TryCut(target[PeerCalls.Prefix.Length..], out var verb, out var rest))
            return (await NothingAsync(context, cancel), null);

        var isGet = HttpMethods.IsGet(call.Method);
        var member = signature.Member;
        switch (verb)
        {
            // Somebody's view is wrong, and passing it on could make a circle of it.
            case "forward" or "artifact" or "query" or "repository" or "stored" or "stock" or "replicate" when self.IsFrontEnd:
                return (await LoopAsync(context, cancel), null);

            case "forward" when PeerTarget.TryCut(rest, out var times, out var passedOn) && times == PeerTarget.Once
                && ForwardedRequest.TryParse(passedOn, member, out var forwarded):
                return (null, forwarded);

            case "artifact" when isGet && PeerTarget.TryCut(rest, out var word, out var key)
                && PeerTarget.LevelOrNull(word) is { } level
                && Named(key) is { Asked: Asked.Artifact } wanted:
                return (await InFlightAsync(() => SendArtifactAsync(context, AskOf(wanted, level), cancel)), null);

            case "query" when isGet && Named(rest) is { Asked: Asked.Query } question:
                return (await InFlightAsync(() => SendAnswerAsync(context, AskOf(question, AskLevel.Home), cancel)), null);

            case "repository" when isGet && Named(rest) is { Asked: Asked.Artifact or Asked.Query or Asked.VersionPrefix } question:
                return (await InFlightAsync(() => SendFromRepositoryAsync(context, AskOf(question, AskLevel.Home), cancel)), null);

            case "stored" when isGet && Named(rest) is { Asked: Asked.Query, Query.Kind: QueryKind.List } question:
                return (await InFlightAsync(() => SendAnswerAsync(context, AskOf(question, AskLevel.Stored), cancel)), null);

            case "holds" when isGet && PeerTarget.TryCut(rest, out var hex, out var held)
                && Digest.TryParseHex(hex, out var sha256)
                && Named(held) is { Asked: Asked.Artifact } claim:
                return (await SayWhetherHeldAsync(context, claim.Module, claim.Kind, sha256, cancel), null);

            case "stock" when isGet && PeerTarget.ModuleOrNull(rest) is { } module:
                await responses.WriteTextAsync(context, 200, HolderSearch.Write(walk.Stock(module)), cancel);
                return (new Seen("peer", "ok"), null);

            case "replicate" when HttpMethods.IsPost(call.Method) && Named(rest) is { Asked: Asked.Artifact } copy:
                return (await ReplicateAsync(context, member, copy.Module, copy.Kind, cancel), null);

            case "forget" when HttpMethods.IsPost(call.Method) && PeerTarget.ModuleOrNull(rest) is { } forgotten:
                return (await ForgetAsync(context, member, forgotten, cancel), null);

            case "ping":
                context.Response.StatusCode = 204;
                return (new Seen("peer", "ok"), null);

            default:
                return (await NothingAsync(context, cancel), null);
        }

        Ask AskOf(ProxyPath what, AskLevel level) => new(what, new Asker(null, member), level, Door.Member);
    }

    private static ProxyPath Named(string path)
    {
        var what = ProxyPath.Parse(path);
        Tracing.NameModule(what);
        return what;
    }

    // Work for others is work that a drain waits for.
    private async Task<Seen> InFlightAsync(Func<Task<Seen>> work)
    {
        metrics.Traffic.Begin();
        try
        {
            return await work();
        }
        finally
        {
            metrics.Traffic.End();
        }
    }

    private async Task<Seen> SendArtifactAsync(HttpContext context, Ask ask, CancellationToken cancel)
    {
        var output = Start(context);
        var outcome = await WithHeartbeatsAsync(walk.OpenAsync(ask, cancel).AsTask(), output, cancel);
        if (!outcome.TryGet(out var opened, out var failure))
            return await FailAsync(output, failure, cancel);

        using (opened)
        {
            PeerFrame.Write(output, PeerFrameType.Record, RecordFile.Write(opened.Record));
            if (opened.Content.Artifact.Body is { } body)
                await output.WriteAsync(body, cancel);
            else
                await artifacts.CopyAsync(context, opened.Content.File!, 0, opened.Content.Artifact.Stored.Size, static _ => { }, cancel);
            return new Seen("peer", "ok");
        }
    }

    private async Task<Seen> SendAnswerAsync(HttpContext context, Ask ask, CancellationToken cancel)
    {
        var output = Start(context);
        var outcome = await WithHeartbeatsAsync(queries.AskForMemberAsync(ask, cancel).AsTask(), output, cancel);
        if (!outcome.TryGet(out var answer, out var failure))
            return await FailAsync(output, failure, cancel);

        PeerFrame.Write(output, PeerFrameType.Answer, queries.WriteForMember(answer));
        await output.FlushAsync(cancel);
        return new Seen("peer", "ok");
    }

    private async Task<Seen> SendFromRepositoryAsync(HttpContext context, Ask ask, CancellationToken cancel)
    {
        var output = Start(context);
        var outcome = await WithHeartbeatsAsync(repositories.AnswerAsync(ask, cancel), output, cancel);
        if (!outcome.TryGet(out var answer, out var failure))
            return await FailAsync(output, failure, cancel);

        using (answer)
        {
            // A page that names a module proxy was found by the asker too, who then asks nobody.
            if (answer.Body is not { } body)
                return await FailAsync(output, new Failure(FailureKind.PeerUnavailable, "its page names a module proxy here"), cancel);
            PeerFrame.Write(output, PeerFrameType.Bytes, PeerRepositories.Announce(body.Length));
            await body.CopyToAsync(output, cancel);
            return new Seen("peer", "ok");
        }
    }

    private async Task<Seen> SayWhetherHeldAsync(
        HttpContext context, ModuleVersion module, ArtifactKind kind, Digest sha256, CancellationToken cancel)
    {
        var (status, answer) = await walk.HoldsAsync(module, kind, sha256, cancel) ? (200, "held\n") : (404, "not held\n");
        await responses.WriteTextAsync(context, status, answer, cancel);
        return new Seen("peer", "ok");
    }

    private async Task<Seen> ReplicateAsync(
        HttpContext context, string from, ModuleVersion module, ArtifactKind kind, CancellationToken cancel)
    {
        var outcome = await copies.TakeAsync(from, module, kind, cancel);
        if (outcome.TryGet(out _, out var failure))
            await responses.WriteTextAsync(context, 200, "copied\n", cancel);
        else
            await responses.WriteFailureAsync(context, failure, false, cancel);
        return new Seen("peer", failure is null ? "ok" : FailureTable.For(failure.Kind).Cause);
    }

    private async Task<Seen> ForgetAsync(HttpContext context, string from, ModuleVersion module, CancellationToken cancel)
    {
        try
        {
            var wasHeld = await forgetting.HereAsync(module, from, cancel);
            await responses.WriteTextAsync(context, 200, (wasHeld ? ForgetResult.Forgotten : ForgetResult.NotHeld) + "\n", cancel);
            return new Seen("peer", "ok");
        }
        catch (StoreException e)
        {
            var failure = new Failure(FailureKind.StoreUnavailable, e.Message);
            await responses.WriteFailureAsync(context, failure, false, cancel);
            return new Seen("peer", FailureTable.For(failure.Kind).Cause);
        }
    }

    private PipeWriter Start(HttpContext context)
    {
        context.Response.ContentType = Frames.ToString();
        context.Response.Headers["X-ProxyCluster-Region"] = self.Region;
        return context.Response.BodyWriter;
    }

    private async Task<Outcome<T>> WithHeartbeatsAsync<T>(Task<Outcome<T>> work, PipeWriter output, CancellationToken cancel)
        where T : notnull
    {
        try
        {
            // The first comes soon: it tells the asker that its question has arrived, which an answer from upstream may
            // not do for long.
            for (var pause = FirstHeartbeat; ; pause = options.Value.Heartbeat)
            {
                // Not the work's token: a heartbeat that cannot be written ends the wait, and the work goes on for others.
                using var tick = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                var beat = Task.Delay(pause, clock, tick.Token);
                if (await Task.WhenAny(work, beat) == work)
                {
                    await tick.CancelAsync();
                    return await work;
                }

                cancel.ThrowIfCancellationRequested();
                PeerFrame.Write(output, PeerFrameType.Working, []);
                await output.FlushAsync(cancel);
            }
        }
        catch
        {
            // The asker has left: what is opened for it after all is open for nobody.
            _ = work.DisposeResultAsync();
            throw;
        }
    }

    private static async Task<Seen> FailAsync(PipeWriter output, Failure failure, CancellationToken cancel)
    {
        PeerFrame.Write(output, PeerFrameType.Failure, PeerFailure.Write(failure));
        await output.FlushAsync(cancel);
        return new Seen("peer", FailureTable.For(failure.Kind).Cause);
    }

    private Task RefuseAsync(HttpContext context, Admission admission)
    {
        context.Response.Headers[PeerCalls.TimeHeader] =
            clock.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        if (admission != Admission.WrongTime)
        {
            metrics.SecurityEvents.Add(
                1, new KeyValuePair<string, object?>("event", admission == Admission.Replayed ? "replayed-call" : "unsigned-call"));
        }

        var (status, why) = admission switch
        {
            Admission.WrongTime => (401, "the signature's time is too far from ours\n"),
            Admission.Replayed => (403, "this signature was used before\n"),
            _ => (401, "this path is for members of the cluster\n"),
        };
        return responses.WriteTextAsync(context, status, why, context.RequestAborted);
    }

    private async Task<Seen> NothingAsync(HttpContext context, CancellationToken cancel)
    {
        await responses.WriteTextAsync(context, 404, "no such internal path\n", cancel);
        return new Seen("peer", "not-found");
    }

    private async Task<Seen> LoopAsync(HttpContext context, CancellationToken cancel)
    {
        var loop = new Failure(FailureKind.LoopDetected, "this member is a front end: it stores and fetches nothing");
        await responses.WriteFailureAsync(context, loop, false, cancel);
        return new Seen("peer", "loop-detected");
    }
}
