using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.GoModules.Direct;

/// <summary>
/// Where a module lies in its repository, by its path alone (spec §6): below which directory, and before which prefix its
/// tags stand.
/// </summary>
public sealed record ModulePlace
{
    private ModulePlace(ModulePath path, string directory, bool isWholePath) =>
        (Path, Directory, IsWholePath) = (path, directory, isWholePath);

    /// <summary>The module.</summary>
    public ModulePath Path { get; }

    /// <summary>The directory that the path names, without its major version; empty for the repository's root.</summary>
    public string Directory { get; }

    /// <summary>True where the repository's prefix is the whole path, so that its major version is no directory.</summary>
    public bool IsWholePath { get; }

    /// <summary>What stands before the version in the module's tags.</summary>
    public string TagPrefix => Directory.Length == 0 ? "" : Directory + "/";

    /// <summary>The directory of a major version below <see cref="Directory"/>; null where it has none.</summary>
    public string? MajorDirectoryOrNull => Path.Major.StartsWith('/') && !IsWholePath ? TagPrefix + Path.Major[1..] : null;

    /// <summary>The files that may be its go.mod (<see cref="ModuleTree"/>).</summary>
    public IReadOnlyList<string> GoMods => MajorDirectoryOrNull is { } directory
        ? [TagPrefix + ModuleFileRules.GoMod, $"{directory}/{ModuleFileRules.GoMod}"]
        : [TagPrefix + ModuleFileRules.GoMod];

    /// <summary>The major version that pseudo-versions must have (<c>v2</c>); null for v0 or v1.</summary>
    public string? PseudoMajorOrNull => Path.Major.Length == 0 ? null : Path.Major[1..].Replace("-unstable", "", StringComparison.Ordinal);

    /// <summary>True for a module that may have <c>+incompatible</c> versions: at the root, and without a major version in its path.</summary>
    public bool MayBeIncompatible => Directory.Length == 0 && Path.Major.Length == 0;

    /// <summary>Places a module; otherwise says why the repository cannot hold it.</summary>
    public static ModulePlace? FindOrNull(ModulePath path, RepositoryRoot root, out string? fault)
    {
        var isWhole = root.Prefix == path.Value;
        fault = RepositoryRoot.Covers(root.Prefix, path.Value) && (isWhole || RepositoryRoot.Covers(root.Prefix, path.Prefix))
            ? null
            : $"the repository of {root.Prefix} cannot hold {path}";
        if (fault is not null)
            return null;

        var rest = isWhole ? "" : path.Prefix[root.Prefix.Length..].Trim('/');
        var directory = string.Join('/', ((string[])[.. rest.Split('/'), .. root.Subdirectory.Split('/')]).Where(static element => element is not ("" or ".")));
        return new ModulePlace(path, directory, isWhole);
    }

    /// <summary>The name in the repository of what a client calls a revision: versions become tags, and pseudo-versions commits.</summary>
    public string RevisionOf(string asked)
    {
        if (!Semver.IsValid(asked))
            return asked;
        if (PseudoVersion.IsPseudo(asked))
            return asked.Split('+')[0].Split('-')[^1];
        return TagPrefix + WithoutIncompatible(asked);
    }

    /// <summary>
    /// The version that a tag stands for and whether it says it in exactly that form; null where it stands for none.
    /// </summary>
    public (string? Version, bool IsCanonical) VersionOf(string tag)
    {
        if (!tag.StartsWith(TagPrefix, StringComparison.Ordinal) || PseudoVersion.IsPseudo(tag))
            return default;
        var text = tag[TagPrefix.Length..];
        var version = Semver.CanonicalOrNull(text) is { } canonical ? WithoutIncompatible(canonical) : null;
        return version is not null && text.StartsWith(version, StringComparison.Ordinal) ? (version, version == text) : default;
    }

    /// <summary>A version as its tag has it.</summary>
    internal static string WithoutIncompatible(string version) =>
        version.EndsWith("+incompatible", StringComparison.Ordinal) ? version[..^"+incompatible".Length] : version;

    /// <summary>May a version stand behind the path as it is?</summary>
    internal bool Fits(string version) => PathMajor.Fits(Path.MajorSpan, version);

    /// <summary>
    /// May a go.mod that names this path be the module's? Only its major version is compared: it may be a fork, which is
    /// used under another name. A path that go 1.13 took by mistake is still taken (go issue 34254).
    /// </summary>
    internal bool Accepts(string? goModPath) => HasMajorOf(goModPath)
        || (Path.Major.Length == 0 && goModPath is not null && goModPath.StartsWith("gopkg.in/", StringComparison.Ordinal));

    /// <summary>The same, strictly.</summary>
    internal bool HasMajorOf(string? goModPath)
    {
        if (string.IsNullOrEmpty(goModPath) || !PathMajor.TryFind(goModPath, out var start))
            return false;
        var major = goModPath[start..];
        return Path.Major.Length == 0
            ? major.Length == 0 || major[1..].Replace("-unstable", "", StringComparison.Ordinal) is "v0" or "v1"
            : major.Length > 0 && major[1..] == Path.Major[1..];
    }
}
