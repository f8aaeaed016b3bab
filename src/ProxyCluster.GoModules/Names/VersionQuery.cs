using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace ProxyCluster.GoModules.Names;

/// <summary>
/// What may stand before <c>.info</c> (spec §2): a module version, or anything else that an upstream can resolve to one.
/// </summary>
public readonly record struct VersionQuery
{
    private static readonly SearchValues<char> HashChars = SearchValues.Create("0123456789abcdef");

    private readonly string? _text;

    private VersionQuery(ModulePath path, string text, VersionQueryKind kind)
    {
        Path = path;
        _text = text;
        Kind = kind;
    }

    /// <summary>The module path.</summary>
    public ModulePath Path { get; }

    /// <summary>The version, branch, tag or hash, unescaped.</summary>
    public string Text => _text ?? "";

    /// <summary>What it asks for.</summary>
    public VersionQueryKind Kind { get; }

    /// <summary>The text as it stands in URLs and file names.</summary>
    public string Escaped => Escaping.Escape(Text);

    /// <summary>
    /// Accepts one valid file name of ASCII without <c>!</c> or a leading dash. The words <c>latest</c>, <c>upgrade</c>
    /// and <c>patch</c> are refused: clients resolve them from the list, so a proxy that answered them would invent.
    /// </summary>
    public static bool TryParse(
        ModulePath path, string text, out VersionQuery query, [NotNullWhen(false)] out string? error)
    {
        var fault = text is "latest" or "upgrade" or "patch"
            ? "clients resolve this word themselves"
            : Escaping.VersionFaultOrNull(text);
        query = fault is null ? new VersionQuery(path, text, KindOf(path, text)) : default;
        error = fault is null ? null : $"{Quote.Of(text)} cannot be asked of a module proxy: {fault}";
        return fault is null;
    }

    /// <summary>Reads the escaped form, as it stands in a URL after percent-decoding.</summary>
    public static bool TryUnescape(
        ModulePath path, ReadOnlySpan<char> escaped, out VersionQuery query, [NotNullWhen(false)] out string? error)
    {
        if (Escaping.TryUnescape(escaped, out var text))
            return TryParse(path, text, out query, out error);

        query = default;
        error = $"malformed escaped version {Quote.Of(escaped)}";
        return false;
    }

    /// <summary>The module version, if that is what the query names.</summary>
    public bool TryGetVersion(out ModuleVersion module) => ModuleVersion.TryCreate(Path, Text, out module, out _);

    /// <inheritdoc/>
    public override string ToString() => $"{Path}@{Text}";

    private static VersionQueryKind KindOf(ModulePath path, string text)
    {
        if (SemverParts.TryParse(text, out var parts))
        {
            if (parts.Numbers < 3)
                return VersionQueryKind.Prefix;
            return Semver.IsCanonical(text) && PathMajor.Fits(path.MajorSpan, text)
                ? VersionQueryKind.Version
                : VersionQueryKind.LooseVersion;
        }

        return text.Length is >= 7 and <= 40 && !text.AsSpan().ContainsAnyExcept(HashChars)
            ? VersionQueryKind.Hash
            : VersionQueryKind.Revision;
    }
}
