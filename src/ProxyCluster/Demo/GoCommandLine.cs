namespace ProxyCluster.Demo;

/// <summary>A line for a POSIX shell that runs <c>go</c> against the demo and leaves nothing behind in the user's own caches.</summary>
internal static class GoCommandLine
{
    /// <summary>
    /// The environment: the proxy, the database's key without an address (so that <c>go</c> reaches it through the
    /// proxy), nothing exempt from it, and a module cache of its own that can be deleted like any directory.
    /// </summary>
    public static IReadOnlyList<(string Name, string Value)> Environment(string goProxy, string goSumDb) =>
    [
        ("GOPROXY", goProxy),
        ("GOSUMDB", goSumDb),
        ("GONOSUMDB", ""),
        ("GOPRIVATE", ""),
        ("GOFLAGS", "'-mod=mod -modcacherw'"),
        ("GOPATH", "$(mktemp -d)"),
        ("GOMODCACHE", ""),
    ];

    /// <summary>The whole line.</summary>
    public static string For(string goProxy, string goSumDb, string arguments) =>
        string.Join(' ', Environment(goProxy, goSumDb).Select(variable => $"{variable.Name}={variable.Value}")) + " go " + arguments;
}
