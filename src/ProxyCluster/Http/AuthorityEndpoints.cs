using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ProxyCluster.Failover;

namespace ProxyCluster.Http;

/// <summary>What other members want of the authority: health reports, operators' orders, the cluster's status.</summary>
internal sealed class AuthorityEndpoints(FailoverAuthority authority, Responses responses)
{
    private static readonly Microsoft.Extensions.Primitives.StringValues Json = "application/json";

    /// <summary>Answers an admitted call; false when there is no such verb.</summary>
    /// <param name="context">The call.</param>
    /// <param name="verb">What is wanted.</param>
    /// <param name="sender">Id of the member that signed it.</param>
    /// <param name="body">What it signed.</param>
    /// <param name="cancel">The caller has left.</param>
    public async Task<bool> TryAnswerAsync(HttpContext context, string verb, string sender, byte[] body, CancellationToken cancel)
    {
        switch (verb)
        {
            case "health" when ReadOrNull(body, FailoverJson.Default.HealthReport) is { Version: >= 1 } report && report.Member == sender:
                authority.Accept(report);
                context.Response.StatusCode = 204;
                return true;

            case "order" when ReadOrNull(body, FailoverJson.Default.OperatorCommand) is { } command:
                var answer = await authority.OrderAsync(command, cancel);
                await WriteAsync(context, 200, answer, FailoverJson.Default.OperatorAnswer, cancel);
                return true;

            case "status" when body.Length == 0:
                await WriteAsync(context, 200, authority.Status(), FailoverJson.Default.ClusterStatus, cancel);
                return true;

            default:
                return false;
        }
    }

    /// <summary>Writes a value as JSON that nobody may keep.</summary>
    public Task WriteAsync<T>(HttpContext context, int status, T value, JsonTypeInfo<T> type, CancellationToken cancel)
    {
        context.Response.StatusCode = status;
        responses.Start(context.Response, Json, "no-store", Microsoft.Extensions.Primitives.StringValues.Empty);
        return Responses.WriteBodyAsync(context, JsonSerializer.SerializeToUtf8Bytes(value, type), cancel);
    }

    /// <summary>Reads a value; null when it is not one.</summary>
    public static T? ReadOrNull<T>(byte[] json, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
