namespace ProxyCluster.TestKit.Upstreams;

/// <summary>One request as it arrived.</summary>
/// <param name="Path">The path, percent-decoded once, with its leading slash.</param>
/// <param name="RawTarget">The request target as it stood on the wire.</param>
/// <param name="Headers">Header names (any case) and values.</param>
public sealed record UpstreamCall(string Path, string RawTarget, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The header's value, or null.</summary>
    public string? Header(string name) => Headers.GetValueOrDefault(name);
}
