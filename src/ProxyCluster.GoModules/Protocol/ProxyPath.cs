using System.Diagnostics.CodeAnalysis;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Protocol;

/// <summary>What a path asks of a module proxy.</summary>
public enum Asked
{
    /// <summary>One of the three files of a module version.</summary>
    Artifact,

    /// <summary>A mutable question.</summary>
    Query,

    /// <summary><c>.info</c> of <c>v1</c> or <c>v1.2</c>: the highest version that it is a prefix of.</summary>
    VersionPrefix,

    /// <summary>A path below <c>/sumdb/</c>.</summary>
    ChecksumDatabase,

    /// <summary>Nothing that any module proxy has, by its spelling alone.</summary>
    Nothing,
}

/// <summary>
/// The path grammar of the module proxy protocol (spec §2, <c>go help goproxy</c>): what a path below a proxy's base asks
/// for, and the path of what is asked. Which of the values is set follows from <see cref="Asked"/>.
/// </summary>
public readonly record struct ProxyPath
{
    private readonly string? _text;

    private ProxyPath(Asked asked) => Asked = asked;

    /// <summary>What sort of thing it asks for.</summary>
    public Asked Asked { get; }

    /// <summary>The module version of an <see cref="Asked.Artifact"/>.</summary>
    public ModuleVersion Module { get; private init; }

    /// <summary>Which of its files.</summary>
    public ArtifactKind Kind { get; private init; }

    /// <summary>The question of a <see cref="Asked.Query"/>, or the prefix of a <see cref="Asked.VersionPrefix"/> as a revision.</summary>
    public Query Query { get; private init; }

    /// <summary>The path below <c>/sumdb/</c>, or for <see cref="Asked.Nothing"/> the sentence that says why.</summary>
    public string Text
    {
        get => _text ?? "";
        private init => _text = value;
    }

    /// <summary>What asks for an artifact.</summary>
    public static ProxyPath ToArtifact(ModuleVersion module, ArtifactKind kind) => new(Asked.Artifact) { Module = module, Kind = kind };

    /// <summary>What asks a mutable question.</summary>
    public static ProxyPath ToQuery(Query query) => new(Asked.Query) { Query = query };

    /// <summary>The path of an artifact: <c>github.com/gorilla/mux/@v/v1.8.0.zip</c>, names escaped.</summary>
    public static string Of(ModuleVersion module, ArtifactKind kind) =>
        $"{module.Path.Escaped}/@v/{module.EscapedVersion}{Ending(kind)}";

    /// <summary>The ending of an artifact's file and path: <c>.info</c>, <c>.mod</c> or <c>.zip</c>.</summary>
    public static string Ending(ArtifactKind kind) => kind switch
    {
        ArtifactKind.Info => ".info",
        ArtifactKind.Mod => ".mod",
        _ => ".zip",
    };

    /// <summary>Parses a decoded path below the base path, without its first slash.</summary>
    public static ProxyPath Parse(string path)
    {
        if (path.StartsWith("sumdb/", StringComparison.Ordinal))
            return new ProxyPath(Asked.ChecksumDatabase) { Text = path["sumdb/".Length..] };

        if (path.EndsWith("/@latest", StringComparison.Ordinal))
        {
            return TryModule(path.AsSpan(0, path.Length - "/@latest".Length), out var latest, out var fault)
                ? ToQuery(new Query(latest, QueryKind.Latest))
                : Nothing(fault);
        }

        // A module path has no '@', so the first one ends it.
        var at = path.IndexOf("/@v/", StringComparison.Ordinal);
        if (at < 0)
            return Nothing("not a path of the module proxy protocol (want MODULE/@v/list, MODULE/@v/VERSION.info, .mod, .zip or MODULE/@latest)");

        if (!TryModule(path.AsSpan(0, at), out var module, out var error))
            return Nothing(error);

        var file = path.AsSpan(at + "/@v/".Length);
        return file is "list"
            ? ToQuery(new Query(module, QueryKind.List))
            : ParseFile(module, file);
    }

    /// <summary>
    /// Parses what people call it: <c>MODULE</c> for its list, <c>MODULE@latest</c>, <c>MODULE@v1.2.3</c> for a version's <c>.info</c>, and
    /// <c>MODULE@REVISION</c>.
    /// </summary>
    public static bool TryParseName(string name, out ProxyPath what, [NotNullWhen(false)] out string? error)
    {
        what = default;
        var at = name.IndexOf('@', StringComparison.Ordinal);
        if (!ModulePath.TryParse(at < 0 ? name : name[..at], out var module, out error))
            return false;
        if (at < 0 || name[at..] == "@latest")
            what = ToQuery(new Query(module, at < 0 ? QueryKind.List : QueryKind.Latest));
        else if (VersionQuery.TryParse(module, name[(at + 1)..], out var query, out error))
            what = Of(query, ArtifactKind.Info);
        return error is null;
    }

    private static ProxyPath ParseFile(ModulePath path, ReadOnlySpan<char> file)
    {
        var dot = file.LastIndexOf('.');
        ArtifactKind? kind = dot < 0 ? null : file[dot..] switch
        {
            ".info" => ArtifactKind.Info,
            ".mod" => ArtifactKind.Mod,
            ".zip" => ArtifactKind.Zip,
            _ => null,
        };
        if (kind is not { } k)
            return Nothing($"{path}: a file of a module version ends in .info, .mod or .zip");

        if (!VersionQuery.TryUnescape(path, file[..dot], out var query, out var error))
            return Nothing(error);

        // Only .info may be asked of anything but a module version (spec §2).
        return k == ArtifactKind.Info || query.TryGetVersion(out _)
            ? Of(query, k)
            : Nothing($"{query} is not a canonical version of this module, and only those have .mod and .zip");
    }

    private static ProxyPath Of(VersionQuery query, ArtifactKind kind) => query.TryGetVersion(out var module)
        ? ToArtifact(module, kind)
        : new ProxyPath(query.Kind == VersionQueryKind.Prefix ? Asked.VersionPrefix : Asked.Query) { Query = new Query(query.Path, QueryKind.Revision, query.Text) };

    private static bool TryModule(ReadOnlySpan<char> escaped, out ModulePath path, out string error)
    {
        var parsed = ModulePath.TryUnescape(escaped, out path, out var fault);
        error = fault ?? "";
        return parsed;
    }

    private static ProxyPath Nothing(string why) => new(Asked.Nothing) { Text = why };
}
