namespace ProxyCluster.TestKit.Upstreams;

/// <summary>One file of an upstream.</summary>
/// <param name="Body">Its bytes.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="ETag">Its entity tag with quotes, or null for none; a matching If-None-Match is answered 304.</param>
/// <param name="LastModified">Its modification time, or null; a matching If-Modified-Since is answered 304.</param>
public sealed record UpstreamFile(
    ReadOnlyMemory<byte> Body, string ContentType, string? ETag = null, DateTimeOffset? LastModified = null);
