using System.Diagnostics.CodeAnalysis;

namespace ProxyCluster.GoModules.Names;

/// <summary>
/// A module path at one canonical version (<c>github.com/gorilla/mux@v1.8.0</c>): the unit that is fetched, verified,
/// stored and owned. Immutable in the world, not only here. Holding one means that the version is canonical and that
/// its major version fits the path (Go's <c>Check</c>, spec §1); only the default value is neither.
/// </summary>
public readonly record struct ModuleVersion
{
    /// <summary>For versions that the program itself wrote down; the world's go through <see cref="TryCreate"/>.</summary>
    /// <exception cref="ArgumentException">The version is not canonical, or does not fit the path.</exception>
    public ModuleVersion(ModulePath path, string version)
    {
        if (!TryCreate(path, version, out this, out var error))
            throw new ArgumentException(error, nameof(version));
    }

    /// <summary>The module path.</summary>
    public ModulePath Path { get; private init; }

    /// <summary>The canonical version, unescaped (<c>v1.0.0-RC1</c>).</summary>
    public string Version
    {
        get => field ?? "";
        private init;
    }

    /// <summary>The version as it stands in URLs and file names (<c>v1.0.0-!r!c1</c>).</summary>
    public string EscapedVersion => Escaping.Escape(Version);

    /// <summary>Accepts a canonical version whose major version fits the path; otherwise says in one sentence why not.</summary>
    public static bool TryCreate(
        ModulePath path, string version, out ModuleVersion module, [NotNullWhen(false)] out string? error)
    {
        module = default;
        if (!Semver.IsCanonical(version))
        {
            error = $"{Quote.Of(version)} is not a canonical version";
            return false;
        }

        if (!PathMajor.Fits(path.MajorSpan, version))
        {
            var wanted = path.Major.Length == 0 ? "v0 or v1" : path.Major[1..];
            error = $"version {Quote.Of(version)} does not fit module path {path}: it should be {wanted}";
            return false;
        }

        if (path.Value.Length == 0)
        {
            error = "there is no module path";
            return false;
        }

        module = new ModuleVersion { Path = path, Version = version };
        error = null;
        return true;
    }

    /// <summary>Both checks at once, from unescaped texts.</summary>
    public static bool TryParse(
        string path, string version, out ModuleVersion module, [NotNullWhen(false)] out string? error)
    {
        module = default;
        return ModulePath.TryParse(path, out var parsed, out error) && TryCreate(parsed, version, out module, out error);
    }

    /// <summary>Reads an escaped version (<c>v1.0.0-!r!c1</c>), as it stands in a URL after percent-decoding.</summary>
    public static bool TryUnescape(
        ModulePath path, ReadOnlySpan<char> escapedVersion, out ModuleVersion module, [NotNullWhen(false)] out string? error)
    {
        if (Escaping.TryUnescape(escapedVersion, out var version))
            return TryCreate(path, version, out module, out error);

        module = default;
        error = $"malformed escaped version {Quote.Of(escapedVersion)}";
        return false;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Path}@{Version}";
}
