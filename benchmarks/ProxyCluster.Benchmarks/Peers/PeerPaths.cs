using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.TestKit.Corpora;

namespace ProxyCluster.Benchmarks.Peers;

/// <summary>The artifacts that peers are asked for: paths below a GOPROXY, by kind.</summary>
internal static class PeerPaths
{
    /// <summary>Those of the module versions that lines name as <c>path@version</c>.</summary>
    /// <exception cref="FormatException">A line names none.</exception>
    public static ILookup<ArtifactKind, string> Of(IEnumerable<string> lines, IReadOnlyCollection<ArtifactKind> kinds) => lines
        .Select(static line => line.Trim())
        .Where(static line => line.Length > 0)
        .Select(Parse)
        .SelectMany(module => kinds.Select(kind => (kind, path: ProxyPath.Of(module, kind))))
        .ToLookup(static artifact => artifact.kind, static artifact => artifact.path);

    /// <summary>The module versions of the real corpus that have all three files.</summary>
    public static async Task<IEnumerable<string>> OfCorpusAsync()
    {
        var corpus = await Corpus.OpenAsync();
        return corpus.Modules
            .SelectMany(static module => module.Versions.Select(version => $"{module.Path}@{version}"))
            .Where(name => File.Exists(Path.Combine(corpus.Tree, ProxyPath.Of(Parse(name), ArtifactKind.Zip))));
    }

    private static ModuleVersion Parse(string line)
    {
        var at = line.LastIndexOf('@');
        return at > 0 && ModuleVersion.TryParse(line[..at], line[(at + 1)..], out var module, out _)
            ? module
            : throw new FormatException($"'{line}' is no module version; want path@version");
    }
}
