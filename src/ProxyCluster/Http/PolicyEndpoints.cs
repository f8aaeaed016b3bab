using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using ProxyCluster.Admin;
using ProxyCluster.Policy;

namespace ProxyCluster.Http;

/// <summary>
/// The admin API's part about the cluster's policy.
/// <code>
/// GET  /-/admin/v1/policy?number=N     viewer    the one in force on this member, or an older one, with its text
/// GET  /-/admin/v1/policy/history      viewer    all that are kept
/// POST /-/admin/v1/policy/explain      viewer    {"asked": "M@V", "subject": "…", "groups": […], "namespace": "…", "address": "…"}
/// POST /-/admin/v1/policy/try          viewer    {"text": "…"}: what would have become of this member's last day
/// POST /-/admin/v1/policy/push         operator  {"text": "…", "reason": "…"}
/// POST /-/admin/v1/policy/rollout      operator  the same, for a share of the clients first
/// POST /-/admin/v1/policy/rollback     operator  {"number": N, "reason": "…"}
/// </code>
/// </summary>
internal sealed class PolicyEndpoints(PolicyDesk desk, PolicyTrials trials, AdminReplies replies)
{
    /// <summary>Answers what stands behind <c>policy</c>.</summary>
    public Task AnswerAsync(HttpContext context, ReadOnlySpan<string> path, AdminToken token, CancellationToken cancel) => path switch
    {
        [] => replies.ForAsync(context, "GET", () => ShowAsync(context, cancel), cancel),
        ["history"] => replies.ForAsync(context, "GET", () => replies.WriteAsync(context, 200, desk.History(), PolicyJson.Default.PolicyHistory, cancel), cancel),
        ["explain"] => replies.ForAsync(context, "POST", () => ExplainAsync(context, cancel), cancel),
        ["try"] => replies.ForAsync(context, "POST", () => TryAsync(context, cancel), cancel),
        ["push" or "rollout" or "rollback"] when path[0] is var verb => replies.ForAsync(context, "POST", () => OrderAsync(context, token, verb, cancel), cancel),
        _ => replies.FailAsync(context, 404, "of policy there is policy?number=N, policy/history, explain, try, push, rollout and rollback", cancel),
    };

    private Task ShowAsync(HttpContext context, CancellationToken cancel)
    {
        var text = QueryHelpers.ParseQuery(context.Request.QueryString.Value).GetValueOrDefault("number").ToString();
        long? number = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : null;
        return text.Length > 0 && number is null
            ? replies.FailAsync(context, 400, "number must be that of a policy", cancel)
            : desk.Find(number).TryGet(out var found, out var failure)
                ? replies.WriteAsync(context, 200, found, PolicyJson.Default.PolicyText, cancel)
                : replies.FailAsync(context, failure, cancel);
    }

    private async Task ExplainAsync(HttpContext context, CancellationToken cancel)
    {
        if (await AdminReplies.ReadOrNullAsync(context, PolicyJson.Default.ExplainBody, cancel) is not { Asked: not null } body)
            await replies.FailAsync(context, 400, "the body must be JSON with asked: MODULE@VERSION, MODULE@latest, MODULE@BRANCH or MODULE", cancel);
        else if (desk.Explain(body).TryGet(out var explained, out var failure))
            await replies.WriteAsync(context, 200, explained, PolicyJson.Default.PolicyExplained, cancel);
        else
            await replies.FailAsync(context, failure, cancel);
    }

    private async Task TryAsync(HttpContext context, CancellationToken cancel)
    {
        if (await ReadAsync(context, cancel) is not { Text: { } text })
            await replies.FailAsync(context, 400, "the body must be JSON with text", cancel);
        else if (trials.Try(text, cancel).TryGet(out var trial, out var failure))
            await replies.WriteAsync(context, 200, trial, PolicyJson.Default.PolicyTrial, cancel);
        else
            await replies.FailAsync(context, failure, cancel);
    }

    private async Task OrderAsync(HttpContext context, AdminToken token, string verb, CancellationToken cancel)
    {
        if (!await replies.IsOperatorAsync(context, token, $"{verb} a policy", cancel))
            return;

        var order = await ReadAsync(context, cancel);
        if (order is not { Reason: { } reason } || AdminReplies.ReasonOrNull(reason) is not { } words || (verb == "rollback" ? order.Number is null : order.Text is null || order.Number is not null))
        {
            await replies.FailAsync(context, 400, $"the body must be JSON with {(verb == "rollback" ? "number" : "text")} and {AdminReplies.ReasonRule}", cancel);
            return;
        }

        // An asker who leaves does not keep it out of the log.
        var given = verb == "rollout"
            ? await desk.BeginAsync(order.Text!, words, token.Name, CancellationToken.None)
            : await desk.GiveAsync(order, words, token.Name, CancellationToken.None);
        if (given.TryGet(out var line, out var failure))
            await replies.WriteAsync(context, 200, line, PolicyJson.Default.PolicyLine, cancel);
        else
            await replies.FailAsync(context, failure, cancel);
    }

    private static Task<PolicyBody?> ReadAsync(HttpContext context, CancellationToken cancel)
    {
        // Written as JSON a character takes six bytes at most.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = (6 * PolicyYaml.MaxBytes) + RequestBody.MaxBytes;
        return AdminReplies.ReadOrNullAsync(context, PolicyJson.Default.PolicyBody, cancel);
    }
}
