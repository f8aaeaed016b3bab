using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Fetching;

/// <summary>One thing that an upstream can be asked for (spec §2).</summary>
internal readonly record struct UpstreamResource
{
    private readonly string? _treePath;
    private readonly string? _label;
    private readonly string? _subject;

    private UpstreamResource(
        UpstreamResourceKind kind, ModulePath path, string label, string rest, string subject, ModuleVersion? version = null, VersionQuery? revision = null)
    {
        Kind = kind;
        Path = path;
        _label = label;
        _treePath = $"{path.Escaped}/{rest}";
        _subject = subject;
        Version = version;
        Revision = revision;
    }

    /// <summary>What sort of thing it is.</summary>
    public UpstreamResourceKind Kind { get; }

    /// <summary>The module that it is about.</summary>
    public ModulePath Path { get; }

    /// <summary>The module version, of an artifact.</summary>
    public ModuleVersion? Version { get; }

    /// <summary>What is asked for, of a query.</summary>
    public VersionQuery? Revision { get; }

    /// <summary>The value of the metrics label <c>artifact</c>: <c>info</c>, <c>mod</c>, <c>zip</c>, <c>list</c>, <c>latest</c> or <c>query</c>.</summary>
    public string Label => _label ?? "";

    /// <summary>The path in a static tree, escaped by the module rules only: <c>github.com/!azure/x/@v/v1.0.0.zip</c>.</summary>
    public string TreePath => _treePath ?? "";

    /// <summary>
    /// The path in a URL: the tree path percent-encoded just as go does it (<c>%21</c> for <c>!</c>; <c>@</c> and <c>+</c>
    /// stand for themselves), so that caches on the way see the URLs they know.
    /// </summary>
    public string UrlPath => string.Join('/', TreePath.Split('/').Select(static element =>
        Uri.EscapeDataString(element).Replace("%40", "@", StringComparison.Ordinal).Replace("%2B", "+", StringComparison.Ordinal)));

    /// <summary>An artifact of a module version.</summary>
    public static UpstreamResource Artifact(ModuleVersion module, ArtifactKind artifact)
    {
        var (kind, label) = artifact switch
        {
            ArtifactKind.Info => (UpstreamResourceKind.Info, "info"),
            ArtifactKind.Mod => (UpstreamResourceKind.Mod, "mod"),
            _ => (UpstreamResourceKind.Zip, "zip"),
        };
        return new(kind, module.Path, label, $"@v/{module.EscapedVersion}.{label}", $"{module} .{label}", version: module);
    }

    /// <summary>The list of versions of a module.</summary>
    public static UpstreamResource List(ModulePath path) =>
        new(UpstreamResourceKind.List, path, "list", "@v/list", $"{path} version list");

    /// <summary>The latest version of a module.</summary>
    public static UpstreamResource Latest(ModulePath path) =>
        new(UpstreamResourceKind.Latest, path, "latest", "@latest", $"{path}@latest");

    /// <summary>The <c>.info</c> of a branch, tag, hash or incomplete version.</summary>
    public static UpstreamResource Query(VersionQuery query) =>
        new(UpstreamResourceKind.Query, query.Path, "query", $"@v/{query.Escaped}.info", $"{query} .info", revision: query);

    /// <summary>The thing in words, for failures and logs.</summary>
    public override string ToString() => _subject ?? "";
}
