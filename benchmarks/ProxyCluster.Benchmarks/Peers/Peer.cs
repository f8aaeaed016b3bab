namespace ProxyCluster.Benchmarks.Peers;

/// <summary>A GOPROXY that runs already.</summary>
/// <param name="Name">What it is called in the report.</param>
/// <param name="Url">Where it is, without a trailing slash.</param>
internal sealed record Peer(string Name, Uri Url)
{
    /// <summary>Reads <c>NAME=URL</c>; null where it is none.</summary>
    public static Peer? ParseOrNull(string text) =>
        text.Split('=', 2) is [{ Length: > 0 } name, var url] && Uri.TryCreate(url.TrimEnd('/'), UriKind.Absolute, out var uri) && uri.Scheme is "http"
            ? new Peer(name, uri)
            : null;

    /// <summary>The target of an artifact's path in a request to it.</summary>
    public string TargetOf(string path) => $"{Url.AbsolutePath.TrimEnd('/')}/{path}";

    /// <summary>The URL of an artifact's path.</summary>
    public Uri UrlOf(string path) => new(Url, TargetOf(path));
}
