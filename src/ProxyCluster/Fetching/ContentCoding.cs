using System.Net.Http.Headers;

namespace ProxyCluster.Fetching;

/// <summary>
/// Content codings of answers. None is asked for, but some servers and caches compress whatever is asked, and <c>go</c>,
/// which asks for gzip, never notices: so gzip is inflated, and nothing else is read.
/// </summary>
internal static class ContentCoding
{
    /// <summary>True when the content is compressed by gzip, once.</summary>
    public static bool IsGzip(HttpContentHeaders headers) => headers.ContentEncoding is { Count: 1 } codings
        && codings.First().ToUpperInvariant() is "GZIP" or "X-GZIP";

    /// <summary>The coding that cannot be read, or null.</summary>
    public static string? UnreadableOrNull(HttpContentHeaders headers) => IsGzip(headers)
        ? null
        : headers.ContentEncoding.FirstOrDefault(static coding => !coding.Equals("identity", StringComparison.OrdinalIgnoreCase));

    /// <summary>The content as it was before it was compressed.</summary>
    public static async Task<Stream> OpenAsync(HttpContent content, CancellationToken ct)
    {
        var stream = await content.ReadAsStreamAsync(ct);
        return IsGzip(content.Headers) ? new GunzipStream(stream) : stream;
    }
}
