using System.Text.Json;

namespace ProxyCluster.Etcd;

/// <summary>Reads the gateway's errors.</summary>
internal static class EtcdErrors
{
    // gRPC status codes: https://grpc.io/docs/guides/status-codes/
    private const int DeadlineExceeded = 4;
    private const int PermissionDenied = 7;
    private const int Unavailable = 14;
    private const int Unauthenticated = 16;

    /// <summary>The error in an answer that is one; <paramref name="status"/> decides where the body says nothing.</summary>
    public static EtcdError FromAnswer(Uri endpoint, int status, ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            if (JsonElement.TryParseValue(ref reader, out var root) && root is { ValueKind: JsonValueKind.Object } answer)
            {
                if (answer.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.Number && code.TryGetInt32(out var number))
                    return Of(endpoint, number, TextOf(answer, "message"));
            }
        }
        catch (JsonException)
        {
            // Not etcd's words: a load balancer between us, or half an answer.
        }

        var kind = status >= 500 ? EtcdErrorKind.Unreachable : EtcdErrorKind.Rejected;
        return new EtcdError(kind, $"etcd at {Name(endpoint)} answered with status {status}");
    }

    /// <summary>An endpoint that did not answer, or broke off.</summary>
    public static EtcdError Unreachable(Uri endpoint, string what) =>
        new(EtcdErrorKind.Unreachable, $"etcd at {Name(endpoint)} {what}");

    /// <summary>Scheme, host and port.</summary>
    public static string Name(Uri endpoint) => endpoint.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    private static EtcdError Of(Uri endpoint, int code, string message)
    {
        var kind = code switch
        {
            // A missing token is told from an invalid argument by its text alone (etcd 3.4: rpctypes.ErrUserEmpty, ErrAuthOldRevision).
            _ when message.Contains("user name is empty", StringComparison.Ordinal)
                || message.Contains("auth token", StringComparison.Ordinal)
                || message.Contains("revision of auth store is old", StringComparison.Ordinal) => EtcdErrorKind.Unauthenticated,
            Unauthenticated => EtcdErrorKind.Unauthenticated,
            PermissionDenied => EtcdErrorKind.PermissionDenied,
            DeadlineExceeded or Unavailable => EtcdErrorKind.Unreachable,
            _ => EtcdErrorKind.Rejected,
        };
        return new EtcdError(kind, $"etcd at {Name(endpoint)} said: {message}");
    }

    private static string TextOf(JsonElement element, string property) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(property, out var text) && text.ValueKind == JsonValueKind.String
            ? text.GetString()!
            : element.ToString();
}
