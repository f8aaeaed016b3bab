using ProxyCluster.GoModules.Names;
using ProxyCluster.Queries;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Http;

/// <summary>What a request asks of a module proxy.</summary>
internal enum Asked
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
/// A decoded path, parsed once at the door; past it there are no raw strings. Which of the values is set follows from
/// <see cref="Asked"/>.
/// </summary>
internal readonly record struct ProxyRequest(Asked Asked)
{
    public ModuleVersion Module { get; private init; }

    public ArtifactKind Kind { get; private init; }

    public Query Query { get; private init; }

    /// <summary>The path below <c>/sumdb/</c>, or for <see cref="Asked.Nothing"/> the sentence that says why.</summary>
    public string Text { get; private init; } = "";

    /// <summary>Parses a decoded path below the base path, without its first slash.</summary>
    public static ProxyRequest Parse(string path)
    {
        if (path.StartsWith("sumdb/", StringComparison.Ordinal))
            return new ProxyRequest(Asked.ChecksumDatabase) { Text = path["sumdb/".Length..] };

        if (path.EndsWith("/@latest", StringComparison.Ordinal))
        {
            return TryModule(path.AsSpan(0, path.Length - "/@latest".Length), out var latest, out var fault)
                ? new ProxyRequest(Asked.Query) { Query = new Query(latest, QueryKind.Latest) }
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
            ? new ProxyRequest(Asked.Query) { Query = new Query(module, QueryKind.List) }
            : ParseFile(module, file);
    }

    /// <summary>Puts the module on the request's span.</summary>
    public void NameModule()
    {
        if (Asked == Asked.Artifact)
            Tracing.NameModule(Module.Path.Value, Module.Version);
        else if (Asked is Asked.Query or Asked.VersionPrefix)
            Tracing.NameModule(Query.Path.Value, Query.Revision.Length > 0 ? Query.Revision : null);
    }

    private static ProxyRequest ParseFile(ModulePath path, ReadOnlySpan<char> file)
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

        if (query.TryGetVersion(out var module))
            return new ProxyRequest(Asked.Artifact) { Module = module, Kind = k };

        // Only .info may be asked of anything but a module version (spec §2).
        if (k != ArtifactKind.Info)
            return Nothing($"{query} is not a canonical version of this module, and only those have .mod and .zip");

        return new ProxyRequest(query.Kind == VersionQueryKind.Prefix ? Asked.VersionPrefix : Asked.Query)
        {
            Query = new Query(path, QueryKind.Revision, query.Text),
        };
    }

    private static bool TryModule(ReadOnlySpan<char> escaped, out ModulePath path, out string error)
    {
        var parsed = ModulePath.TryUnescape(escaped, out path, out var fault);
        error = fault ?? "";
        return parsed;
    }

    private static ProxyRequest Nothing(string why) => new(Asked.Nothing) { Text = why };
}
