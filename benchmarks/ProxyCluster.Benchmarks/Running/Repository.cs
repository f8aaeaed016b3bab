namespace ProxyCluster.Benchmarks.Running;

/// <summary>Where the checkout is that this program was built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string ProxyAssembly =>
        Path.Combine(Root, "src", "ProxyCluster", "bin", "Release", "net10.0", "proxycluster.dll") is var path
        && File.Exists(path)
            ? path
            : throw new ToolMissingException("the proxy is not built; start the benchmarks with benchmarks/run");

    private static string FindRoot()
    {
        for (var at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            if (File.Exists(Path.Combine(at, "ProxyCluster.sln")))
                return at;
        }

        throw new InvalidOperationException("the benchmarks must run from their checkout");
    }
}
