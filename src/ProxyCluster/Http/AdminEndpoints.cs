using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.WebUtilities;
using ProxyCluster.Access;
using ProxyCluster.Admin;
using ProxyCluster.Audit;
using ProxyCluster.Clustering;
using ProxyCluster.Failover;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;
using ProxyCluster.Rulings;
using ProxyCluster.Silos;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Http;

/// <summary>
/// The admin API, on every member: any of them takes an order and passes it on to the authority.
/// <code>
/// GET  /-/admin/v1/status                  viewer    the cluster: regions, members, their health
/// GET  /-/admin/v1/events?since=ID         viewer    events after the given one, oldest first
/// GET  /-/admin/v1/clients                 viewer    which clients ask this member most, are refused most, wait most
/// GET  /-/admin/v1/audit?module=…           viewer    lines of this member's audit log, a JSON object each
/// POST /-/admin/v1/regions/NAME/drain      operator  {"reason": "…", "force": false}
/// POST /-/admin/v1/regions/NAME/undrain    operator
/// POST /-/admin/v1/regions/NAME/fail       operator
/// POST /-/admin/v1/regions/NAME/recover    operator
/// POST /-/admin/v1/regions/NAME/forget     operator
/// POST /-/admin/v1/modules/forget          operator  {"module": "…", "version": "…", "reason": "…"}
/// GET  /-/admin/v1/modules/rulings         viewer    what is withdrawn or accepted, as this member obeys it
/// POST /-/admin/v1/modules/withdraw        operator  {"module": "…", "version": "…", "reason": "…", "undo": false}
/// POST /-/admin/v1/modules/accept          operator  the same with "zipH1" or "goModH1" or both
/// GET  /-/admin/v1/dashboard/              viewer    Orleans' dashboard, where Silo:Dashboard is on
/// and /-/admin/v1/policy: see PolicyEndpoints
/// </code>
/// An order given twice is obeyed once and answered with 200 both times. 409 with a sentence means that it would take the
/// last region out of service, or makes no sense as things stand; 503 that there is no authority to obey it now. Whoever
/// waits for a drain asks for the status until the region's <c>intent.isDone</c>.
/// </summary>
internal sealed partial class AdminEndpoints(
    AdminTokens tokens,
    IAuthorityCalls authority,
    Forgetting forgetting,
    RulingOrders rulings,
    PolicyEndpoints policy,
    SiloDashboard dashboard,
    AdminReplies replies,
    ClusterSelf self,
    ProxyMetrics metrics,
    AuditLog audit,
    AuditAnswer audited,
    TimeProvider clock,
    ILogger<AdminEndpoints> logger)
{
    /// <summary>Path under which operators are answered.</summary>
    public const string Prefix = "/-/admin/v1/";

    /// <summary>Is this a target for operators?</summary>
    public static bool IsAdmin(string target) => target.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Answers, or refuses.</summary>
    public async Task<Seen> AnswerAsync(HttpContext context, string target)
    {
        await AnswerAsync(context, RequestTarget.PathOf(target)[Prefix.Length..].ToString().Split('/'), context.RequestAborted);
        return new Seen("admin", context.Response.StatusCode is >= 200 and < 300 ? "ok" : "refused");
    }

    private Task AnswerAsync(HttpContext context, string[] path, CancellationToken cancel)
    {
        if (!tokens.IsOn)
            return replies.FailAsync(context, 404, "the admin API is off: no Admin:TokenFile is configured", cancel);
        var isPage = path is ["dashboard", ..];

        // A browser knows no other way to send a token. For reading alone: it would send the password along with an order that another site
        // has it give.
        var header = context.Request.Headers.Authorization;
        if ((GivenToken.BearerOrNull(header) ?? (isPage ? GivenToken.PasswordOrNull(header) : null)) is not { } given || tokens.FindOrNull(given) is not { } token)
        {
            audit.Note(new(clock.GetUtcNow(), AuditWord.Refuse) { Check = "admin-token", Address = context.Connection.RemoteIpAddress, Text = string.Join('/', path) });
            Log.Unknown(logger, context.Request.Method, string.Join('/', path), context.Connection.RemoteIpAddress);
            context.Response.Headers.WWWAuthenticate = isPage ? "Basic realm=\"admin token as password\", charset=\"UTF-8\"" : "Bearer";
            return replies.FailAsync(context, 401, "a bearer token of the token file is needed", cancel);
        }

        return path switch
        {
            ["status"] => replies.ForAsync(context, "GET", () => StatusAsync(context, cancel), cancel),
            ["events"] => replies.ForAsync(context, "GET", () => EventsAsync(context, cancel), cancel),
            ["clients"] => replies.ForAsync(context, "GET", () => ClientsAsync(context, cancel), cancel),
            ["audit"] => replies.ForAsync(context, "GET", () => AuditAsync(context, cancel), cancel),
            ["regions", { Length: > 0 } region, var word] when VerbOrNull(word) is { } verb =>
                replies.ForAsync(context, "POST", () => OrderAsync(context, verb, region, token, cancel), cancel),
            ["modules", "forget"] => replies.ForAsync(context, "POST", () => ForgetAsync(context, token, cancel), cancel),
            ["modules", "rulings"] => replies.ForAsync(
                context, "GET", () => replies.WriteAsync(context, 200, rulings.InForce(), RulingOrdersJson.Default.RulingsAnswer, cancel), cancel),
            ["modules", "withdraw"] => replies.ForAsync(context, "POST", () => RuleAsync(context, RulingVerb.Withdraw, token, cancel), cancel),
            ["modules", "accept"] => replies.ForAsync(context, "POST", () => RuleAsync(context, RulingVerb.Accept, token, cancel), cancel),
            ["policy", .. var below] => policy.AnswerAsync(context, below, token, cancel),
            ["dashboard", ..] => replies.ForAsync(context, "GET", () => DashboardAsync(context, cancel), cancel),
            _ => replies.FailAsync(context, 404, "there is status, events?since=ID, clients, audit, regions/NAME/drain, undrain, fail, recover, forget, modules/rulings, modules/withdraw, modules/accept, modules/forget, policy, and dashboard/", cancel),
        };
    }

    private async Task StatusAsync(HttpContext context, CancellationToken cancel) =>
        await replies.WriteAsync(context, 200, await authority.StatusAsync(cancel), FailoverJson.Default.ClusterStatus, cancel);

    private Task EventsAsync(HttpContext context, CancellationToken cancel)
    {
        var text = QueryHelpers.ParseQuery(context.Request.QueryString.Value).GetValueOrDefault("since").ToString();
        var since = 0L;
        if (text.Length > 0 && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out since))
            return replies.FailAsync(context, 400, "since must be the id of an event", cancel);
        var table = self.View.Routing;
        ImmutableArray<Routing.RoutingEvent> after = [.. table.Events.Where(change => change.Id > since)];
        var page = new EventPage(table.Epoch, table.LastEventId, since >= table.LastEventId || after[0].Id == since + 1, after);
        return replies.WriteAsync(context, 200, page, FailoverJson.Default.EventPage, cancel);
    }

    private Task ClientsAsync(HttpContext context, CancellationToken cancel) =>
        replies.WriteAsync(context, 200, ClientsAnswer.Of(metrics.Clients, self.Member.Id, clock.GetUtcNow()), ClientsJson.Default.ClientsAnswer, cancel);

    private async Task AuditAsync(HttpContext context, CancellationToken cancel)
    {
        if (await audited.FaultOrWriteAsync(context, cancel) is { } fault)
            await replies.FailAsync(context, fault.Status, fault.Why, cancel);
    }

    private Task DashboardAsync(HttpContext context, CancellationToken cancel)
    {
        if (dashboard.HandlerOrNull is not { } handle)
            return replies.FailAsync(context, 404, "there is no dashboard here: Silo:Dashboard is off, or this process is not a silo now", cancel);
        context.Response.Headers.CacheControl = "no-store";
        return handle(context);
    }

    private async Task OrderAsync(HttpContext context, OperatorVerb verb, string region, AdminToken token, CancellationToken cancel)
    {
        if (!await replies.IsOperatorAsync(context, token, $"{verb} region {region}", cancel))
            return;

        if (await AdminReplies.ReadOrNullAsync(context, AdminJson.Default.OrderBody, cancel) is not { Reason: { } reason } order
            || AdminReplies.ReasonOrNull(reason) is not { } words)
        {
            await replies.FailAsync(context, 400, $"the body must be JSON with {AdminReplies.ReasonRule}: {{\"reason\": \"…\"}}", cancel);
            return;
        }

        var answer = await authority.OrderAsync(new OperatorCommand(verb, region, words, token.Name, order.Force), cancel);
        Log.Ordered(logger, token.Name, verb, region, words, order.Force, answer.Result, answer.Message);
        audit.Note(new(clock.GetUtcNow(), AuditWord.Order)
        {
            By = token.Name,
            Rule = $"region-{verb.ToString().ToLowerInvariant()}",
            Check = answer.Result.ToString().ToLowerInvariant(),
            Address = context.Connection.RemoteIpAddress,
            Text = $"{region}: {words}",
        });
        var status = answer.Result switch
        {
            OperatorResult.Done or OperatorResult.Unchanged => 200,
            OperatorResult.UnknownRegion => 404,
            OperatorResult.Refused => 409,
            _ => 503,
        };
        await replies.WriteAsync(context, status, answer, FailoverJson.Default.OperatorAnswer, cancel);
    }

    private async Task ForgetAsync(HttpContext context, AdminToken token, CancellationToken cancel)
    {
        if (!await replies.IsOperatorAsync(context, token, "forget a module version", cancel))
            return;

        if (await AdminReplies.ReadOrNullAsync(context, ForgetJson.Default.ForgetBody, cancel) is not { Module: { } path, Version: { } version, Reason: { } reason }
            || AdminReplies.ReasonOrNull(reason) is not { } words)
        {
            await replies.FailAsync(context, 400, $"the body must be JSON with module, version and {AdminReplies.ReasonRule}", cancel);
            return;
        }

        if (!ModuleVersion.TryParse(path, version, out var module, out var error))
        {
            await replies.FailAsync(context, 400, error, cancel);
            return;
        }

        // An asker who leaves does not end it half way.
        var answer = await forgetting.EverywhereAsync(module, words, token.Name, CancellationToken.None);
        await replies.WriteAsync(context, 200, answer, ForgetJson.Default.ForgetAnswer, cancel);
    }

    private async Task RuleAsync(HttpContext context, RulingVerb verb, AdminToken token, CancellationToken cancel)
    {
        // 1. Who may, and what is meant.
        if (!await replies.IsOperatorAsync(context, token, $"{verb} a module version", cancel))
            return;

        if (await AdminReplies.ReadOrNullAsync(context, RulingOrdersJson.Default.RulingBody, cancel) is not { Module: { } path, Version: { } version, Reason: { } reason } order
            || AdminReplies.ReasonOrNull(reason) is not { } words)
        {
            await replies.FailAsync(context, 400, $"the body must be JSON with module, version and {AdminReplies.ReasonRule}", cancel);
            return;
        }

        if (!ModuleVersion.TryParse(path, version, out var module, out var error))
        {
            await replies.FailAsync(context, 400, error, cancel);
            return;
        }

        string[] accepted = [.. new[] { order.ZipH1, order.GoModH1 }.OfType<string>()];
        if (verb == RulingVerb.Accept && !order.Undo && (accepted.Length == 0 || !accepted.All(ModuleHash.IsWellFormed)))
        {
            await replies.FailAsync(context, 400, "say what is accepted: zipH1, goModH1 or both, each h1: and 44 characters of base64, as the refusal shows it", cancel);
            return;
        }

        // 2. Obeyed by everybody, or said why not. An asker who leaves does not keep it out of the log.
        var outcome = await rulings.GiveAsync(
            new Ruling(verb, module, order.ZipH1, order.GoModH1, token.Name, words, default), order.Undo, CancellationToken.None);
        if (outcome.TryGet(out var answer, out var failure))
        {
            await replies.WriteAsync(context, 200, answer, RulingOrdersJson.Default.RulingsAnswer, cancel);
            return;
        }

        await replies.FailAsync(context, failure, cancel);
    }

    private static OperatorVerb? VerbOrNull(string word) => word switch
    {
        "drain" => OperatorVerb.Drain,
        "undrain" => OperatorVerb.Undrain,
        "fail" => OperatorVerb.Fail,
        "recover" => OperatorVerb.Recover,
        "forget" => OperatorVerb.Forget,
        _ => null,
    };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Operator {Operator} ordered {Verb} of {Region} (reason: {Reason}; force: {Force}): {Result}, {Message}")]
        public static partial void Ordered(
            ILogger logger, string @operator, OperatorVerb verb, string region, string reason, bool force, OperatorResult result, string message);

        [LoggerMessage(LogLevel.Information, "Admin request {Method} {Path} from {Address} was refused for its token")]
        public static partial void Unknown(ILogger logger, string method, string path, System.Net.IPAddress? address);
    }
}

/// <summary>The body of an order.</summary>
/// <param name="Reason">Why, for the event and whoever reads it.</param>
/// <param name="Force">Also if no region would be left in service.</param>
internal sealed record OrderBody(string? Reason, bool Force = false);

/// <summary>How both are written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OrderBody))]
[JsonSerializable(typeof(AdminError))]
internal sealed partial class AdminJson : JsonSerializerContext;
