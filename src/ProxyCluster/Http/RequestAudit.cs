using System.Diagnostics;
using ProxyCluster.Audit;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Http;

/// <summary>
/// Says to the audit log what became of clients' requests: whom the gate refused or warned, who got nothing because something failed
/// its proof, and, where that is wanted, who got what. The member that answers says it, once: not one that passes a request on, nor
/// for questions that members ask for themselves.
/// </summary>
internal sealed class RequestAudit(AuditLog log)
{
    /// <summary>The header in which a client says which build it is.</summary>
    public const string BuildHeader = "X-ProxyCluster-Build";

    /// <summary>The header in which a client, or what stands before us, gives the request's id.</summary>
    public const string RequestHeader = "X-Request-Id";

    private const string TraceHeader = "traceparent";
    private const int MaxId = 128;

    /// <summary>Is a download written down? Hot path.</summary>
    public bool KeepsDownloads => log.KeepsDownloads;

    /// <summary>An artifact went out from memory. Hot path: what it is called is found out later, by the writer.</summary>
    public void Hit(HttpContext context, string target, int start, string origin, string policy, in Asker who)
    {
        if (context.Response.StatusCode is 200 or 206 && HttpMethods.IsGet(context.Request.Method))
        {
            log.Note(new(log.Now, AuditWord.Allow)
            {
                Request = RequestOf(context),
                Trace = TraceOf(context),
                Build = Given(context, BuildHeader),
                Address = who.Address,
                Subject = who.Identity?.Subject,
                Namespace = who.Namespace,
                Target = target,
                TargetStart = start,
                Origin = origin,
                Policy = policy,
            });
        }
    }

    /// <summary>A question was answered here.</summary>
    /// <param name="context">The request.</param>
    /// <param name="ask">The question.</param>
    /// <param name="seen">What became of it.</param>
    /// <param name="refusal">Why the gate refused it by its name alone; null where it did not.</param>
    public void Answered(HttpContext context, in Ask ask, in Seen seen, Failure? refusal)
    {
        if (!log.IsOn || WordOrNull(context, ask, seen, refusal) is not { } word)
            return;
        log.Note(new(log.Now, word)
        {
            Request = RequestOf(context),
            Trace = TraceOf(context),
            Build = Given(context, BuildHeader),
            Address = ask.Who.Address,
            Subject = ask.Who.Identity?.Subject,
            Namespace = ask.Who.Namespace,
            What = ask.What,
            Rule = RuleOrNull(ask, word),
            Policy = ask.Trail?.Policy.Header,
            Check = word is AuditWord.Allow or AuditWord.Warn ? null : seen.Outcome,
            Origin = seen.Origin,
            Text = refusal?.Message,
        });
    }

    /// <summary>A client was turned away for what it says of itself.</summary>
    public void WrongLogin(HttpContext context, string path, Failure refusal)
    {
        if (!log.IsOn || refusal.Kind != FailureKind.WrongLogin)
            return;
        log.Note(new(log.Now, AuditWord.Refuse)
        {
            Request = RequestOf(context),
            Trace = TraceOf(context),
            Build = Given(context, BuildHeader),
            Address = context.Connection.RemoteIpAddress,
            Target = path,
            TargetStart = 1,
            Check = FailureTable.For(refusal.Kind).Cause,
            Text = refusal.Message,
        });
    }

    private AuditWord? WordOrNull(HttpContext context, in Ask ask, in Seen seen, Failure? refusal)
    {
        if (refusal?.Kind is FailureKind.Hidden or FailureKind.LoginRequired)
            return AuditWord.Refuse;
        if (seen.Outcome == FailureTable.For(FailureKind.Blocked).Cause)
            return AuditWord.Block;
        if (IsFailedProof(seen.Outcome))
            return AuditWord.Fail;
        if (seen.FailureCauseOrNull is not null || !HttpMethods.IsGet(context.Request.Method) || context.Response.StatusCode is not (200 or 206))
            return null;
        return ask.Trail is { Warnings.IsEmpty: false } ? AuditWord.Warn
            : log.KeepsDownloads && ask.What.Asked == Asked.Artifact ? AuditWord.Allow
            : null;
    }

    private static string? RuleOrNull(in Ask ask, AuditWord word) => word switch
    {
        AuditWord.Block => ask.Trail?.RefusedBy,
        AuditWord.Warn => string.Join(' ', ask.Trail!.Warnings.Select(static warning => warning.Rule)),
        _ => null,
    };

    private static bool IsFailedProof(string outcome) =>
        outcome == FailureTable.For(FailureKind.ChecksumMismatch).Cause
        || outcome == FailureTable.For(FailureKind.ChecksumDatabaseInvalid).Cause
        || outcome == FailureTable.For(FailureKind.ChecksumUnknown).Cause
        || outcome == FailureTable.For(FailureKind.UpstreamInvalid).Cause;

    private static string RequestOf(HttpContext context) => Given(context, RequestHeader) ?? context.TraceIdentifier;

    // W3C Trace Context §3.2: version, trace, parent, flags.
    private static string? TraceOf(HttpContext context) =>
        Activity.Current?.TraceId.ToHexString() ?? (Given(context, TraceHeader)?.Split('-') is [_, { Length: 32 } trace, ..] ? trace : null);

    private static string? Given(HttpContext context, string header) =>
        context.Request.Headers[header] is [{ Length: > 0 and <= MaxId } value] ? value : null;
}
