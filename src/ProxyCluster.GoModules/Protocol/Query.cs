using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Protocol;

/// <summary>The mutable questions.</summary>
public enum QueryKind
{
    /// <summary><c>@v/list</c>: the tagged versions.</summary>
    List,

    /// <summary><c>@latest</c>.</summary>
    Latest,

    /// <summary><c>@v/REVISION.info</c> of a branch, tag, hash or incomplete version.</summary>
    Revision,
}

/// <summary>
/// One question about one module.
/// </summary>
/// <param name="Path">The module.</param>
/// <param name="Kind">What is asked about it.</param>
/// <param name="Revision">The text of a revision, unescaped; empty otherwise.</param>
public readonly record struct Query(ModulePath Path, QueryKind Kind, string Revision = "")
{
    /// <summary>The answer's name below the module: in URLs, file names and cache keys.</summary>
    public string Name => Kind switch
    {
        QueryKind.List => "@v/list",
        QueryKind.Latest => "@latest",
        _ => $"@v/{Escaping.Escape(Revision)}.info",
    };

    /// <summary>The query's path in a URL: the key of its cached answer.</summary>
    public string Key => $"{Path.Escaped}/{Name}";

    /// <summary>The kind as metrics write it.</summary>
    public string Label => Kind switch
    {
        QueryKind.List => "list",
        QueryKind.Latest => "latest",
        _ => "info",
    };

    /// <summary>The same for a <see cref="Key"/>. Hot path.</summary>
    public static string LabelOf(ReadOnlySpan<char> key) =>
        key.EndsWith("/@v/list", StringComparison.Ordinal) ? "list"
        : key.EndsWith("/@latest", StringComparison.Ordinal) ? "latest"
        : "info";

    /// <summary>Why a body cannot be the answer, or null. A list is read line by line, and odd lines are left out.</summary>
    public string? FaultOrNull(byte[] body)
    {
        if (Kind == QueryKind.List)
            return null;

        return VersionInfo.TryParse(body, out var info, out var error) && ModuleVersion.TryCreate(Path, info.Version, out _, out error)
            ? null
            : error;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Path}/{Name}";
}
