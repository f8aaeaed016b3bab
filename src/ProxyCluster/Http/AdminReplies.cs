using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Primitives;
using ProxyCluster.Admin;
using ProxyCluster.Audit;
using ProxyCluster.Outcomes;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Http;

/// <summary>How the admin API reads orders and answers them.</summary>
internal sealed partial class AdminReplies(Responses responses, AuditLog audit, TimeProvider clock, ILogger<AdminReplies> logger)
{
    /// <summary>What a reason must be, for sentences.</summary>
    public static readonly string ReasonRule = $"a reason of at most {MaxReason} characters, none of them a control character";

    private const int MaxReason = 200;

    private static readonly StringValues Json = "application/json";

    /// <summary>Runs what answers a method, or says that another one is wanted.</summary>
    public Task ForAsync(HttpContext context, string method, Func<Task> answer, CancellationToken cancel)
    {
        if (context.Request.Method == method || (method == "GET" && HttpMethods.IsHead(context.Request.Method)))
            return answer();
        context.Response.Headers.Allow = method;
        return FailAsync(context, 405, $"use {method}", cancel);
    }

    /// <summary>May this token give orders? If not, it is answered.</summary>
    public async Task<bool> IsOperatorAsync(HttpContext context, AdminToken token, string order, CancellationToken cancel)
    {
        if (token.Role == AdminRole.Operator)
            return true;
        Log.Forbidden(logger, token.Name, order);
        audit.Note(new(clock.GetUtcNow(), AuditWord.Refuse) { By = token.Name, Check = "viewer", Address = context.Connection.RemoteIpAddress, Text = order });
        await FailAsync(context, 403, $"{token.Name} is a viewer; this takes an operator", cancel);
        return false;
    }

    /// <summary>The words of a reason that may be shown in terminals, and stay in events; null for others.</summary>
    public static string? ReasonOrNull(string reason) =>
        reason.Trim() is { Length: > 0 and <= MaxReason } words && ReferenceEquals(LogText.Clean(words, MaxReason), words) ? words : null;

    /// <summary>Reads a body; null where it is too large, or not that.</summary>
    public static async Task<T?> ReadOrNullAsync<T>(HttpContext context, JsonTypeInfo<T> type, CancellationToken cancel)
        where T : class
    {
        try
        {
            return await RequestBody.ReadOrNullAsync(context.Request, cancel) is { } body ? JsonSerializer.Deserialize(body, type) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Refuses, in one sentence.</summary>
    public Task FailAsync(HttpContext context, int status, string error, CancellationToken cancel) =>
        WriteAsync(context, status, new AdminError(error), AdminJson.Default.AdminError, cancel);

    /// <summary>Says why an order was not obeyed, or a question not answered.</summary>
    public Task FailAsync(HttpContext context, Failure failure, CancellationToken cancel) => FailAsync(
        context,
        failure.Kind switch { FailureKind.NotFound => 404, FailureKind.BadRequest => 400, FailureKind.Blocked => 409, _ => 503 },
        failure.Message, cancel);

    /// <summary>Answers.</summary>
    public Task WriteAsync<T>(HttpContext context, int status, T value, JsonTypeInfo<T> type, CancellationToken cancel)
    {
        context.Response.StatusCode = status;
        if (status == 503)
            context.Response.Headers.RetryAfter = "2";
        responses.Start(context.Response, Json, "no-store", StringValues.Empty);
        return Responses.WriteBodyAsync(context, JsonSerializer.SerializeToUtf8Bytes(value, type), cancel);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Viewer {Viewer} was refused the order to {Order}")]
        public static partial void Forbidden(ILogger logger, string viewer, string order);
    }
}

/// <summary>A refusal.</summary>
/// <param name="Error">One sentence.</param>
internal sealed record AdminError(string Error);
