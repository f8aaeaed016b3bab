using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace ProxyCluster.Access;

/// <summary>The token in a request's <c>Authorization</c>.</summary>
internal static class GivenToken
{
    /// <summary>A bearer token, or null.</summary>
    public static string? BearerOrNull(StringValues header) => ParameterOrNull(header, "Bearer");

    /// <summary>The password of basic authentication, whoever the user is said to be, or null.</summary>
    public static string? PasswordOrNull(StringValues header)
    {
        if (ParameterOrNull(header, "Basic") is not { } encoded)
            return null;
        var decoded = new byte[encoded.Length];
        return Convert.TryFromBase64String(encoded, decoded, out var length)
            && Encoding.UTF8.GetString(decoded.AsSpan(0, length)).Split(':', 2) is [_, var password] ? password : null;
    }

    private static string? ParameterOrNull(StringValues header, string scheme) =>
        header is [{ } text] && AuthenticationHeaderValue.TryParse(text, out var given) && given.Scheme.Equals(scheme, StringComparison.OrdinalIgnoreCase)
            ? given.Parameter
            : null;
}
