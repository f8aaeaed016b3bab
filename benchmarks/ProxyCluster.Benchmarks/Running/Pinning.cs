namespace ProxyCluster.Benchmarks.Running;

/// <summary>
/// Who runs where. <c>pinned</c>: the server has one core and the load generator another, so that the figure is the
/// server's alone. <c>shared</c>: both have all cores, as a small machine would.
/// </summary>
internal sealed record Pinning(string Name, int? ServerCore, int? ClientCore, int ServerCores)
{
    public static IReadOnlyList<Pinning> All { get; } = Environment.ProcessorCount > 1
        ? [new("pinned", 0, 1, 1), new("shared", null, null, Environment.ProcessorCount)]
        : [new("shared", null, null, 1)];
}
