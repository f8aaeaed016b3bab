using System.Globalization;

namespace ProxyCluster.Http;

/// <summary>A client's request that another member passed on.</summary>
/// <param name="Hops">How often it was passed on, this time included.</param>
/// <param name="Target">The client's raw target.</param>
internal sealed record ForwardedRequest(int Hops, string Target)
{
    /// <summary>Reads <c>HOPS/TARGET</c>, the target with its first slash.</summary>
    public static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ForwardedRequest? request)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        request = slash > 0 && int.TryParse(text.AsSpan(0, slash), NumberStyles.None, CultureInfo.InvariantCulture, out var hops)
            ? new ForwardedRequest(hops, text[slash..])
            : null;
        return request is not null;
    }
}
