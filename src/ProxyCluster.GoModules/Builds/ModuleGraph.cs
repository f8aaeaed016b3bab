using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Builds;

/// <summary>
/// What <c>go mod graph</c> prints, and what minimal version selection makes of it: of each module the highest version that anything
/// requires. Nodes of Go itself (<c>go@1.21</c>, <c>toolchain@go1.22</c>) are the least that will do, not what was taken, and are left out.
/// </summary>
public sealed class ModuleGraph
{
    private ModuleGraph(IReadOnlyList<string> mains, IReadOnlyList<BuildModule> modules, IReadOnlyDictionary<string, IReadOnlyList<string>> edges)
    {
        Mains = mains;
        Modules = modules;
        Requirements = edges;
    }

    /// <summary>The modules that are worked on, which have no version; several in a workspace.</summary>
    public IReadOnlyList<string> Mains { get; }

    /// <summary>What is selected, by path.</summary>
    public IReadOnlyList<BuildModule> Modules { get; }

    /// <summary>By the path of a main or selected module, the paths of the modules that it requires, each of which stands for the version selected.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Requirements { get; }

    /// <summary>Reads it; null where some line is not of it.</summary>
    public static ModuleGraph? ReadOrNull(string text)
    {
        // 1. Lines.
        var edges = new List<(string From, string To)>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line.Split(' ') is not [{ Length: > 0 } from, var to] || to.IndexOf('@', StringComparison.Ordinal) <= 0)
                return null;
            edges.Add((from, to));
        }

        if (edges.Count == 0)
            return null;

        // 2. Which versions are selected?
        var selected = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (path, version) in edges.SelectMany(static edge => new[] { Split(edge.From), Split(edge.To) }))
        {
            if (!IsGo(path) && (!selected.TryGetValue(path, out var other) || version.Length == 0 || (other.Length > 0 && Semver.Compare(version, other) > 0)))
                selected[path] = version;
        }

        // 3. What those require.
        var required = edges
            .Where(edge => Split(edge.From) is var (path, version) && selected.GetValueOrDefault(path) == version && !IsGo(Split(edge.To).Path))
            .GroupBy(static edge => Split(edge.From).Path, static edge => Split(edge.To).Path, StringComparer.Ordinal)
            .ToDictionary(static group => group.Key, static IReadOnlyList<string> (group) => [.. group.Distinct().Order(StringComparer.Ordinal)], StringComparer.Ordinal);
        return new ModuleGraph(
            [.. selected.Where(static one => one.Value.Length == 0).Select(static one => one.Key).Order(StringComparer.Ordinal)],
            [.. selected.Where(static one => one.Value.Length > 0).OrderBy(static one => one.Key, StringComparer.Ordinal).Select(static one => new BuildModule(one.Key, one.Value))],
            required);
    }

    private static bool IsGo(string path) => path is "go" or "toolchain";

    private static (string Path, string Version) Split(string node) =>
        node.IndexOf('@', StringComparison.Ordinal) is > 0 and var at ? (node[..at], node[(at + 1)..]) : (node, "");
}
