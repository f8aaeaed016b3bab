namespace ProxyCluster.TestKit.Processes;

/// <summary>Where the clone is that the running tests were built in.</summary>
public static class Repository
{
    /// <summary>The directory of the solution file.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>
    /// The product: as <c>tests/run</c> published it, compiled for this machine, which starts with half of the work; else as it was built.
    /// </summary>
    public static string Executable { get; } =
        Environment.GetEnvironmentVariable("PROXYCLUSTER_TESTS_PROGRAM") ?? Path.Combine(Root, "src", "ProxyCluster", "bin", "Release", "net10.0", "proxycluster.dll");

    /// <summary>Generated things that are worth keeping between runs; git ignores it.</summary>
    public static string Cache => Path.Combine(Root, ".cache");

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "ProxyCluster.sln")))
                return at.FullName;
        }

        throw new InvalidOperationException($"no ProxyCluster.sln above {AppContext.BaseDirectory}");
    }
}
