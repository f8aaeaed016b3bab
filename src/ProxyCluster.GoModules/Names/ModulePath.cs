using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace ProxyCluster.GoModules.Names;

/// <summary>
/// A module path that passed Go's <c>CheckPath</c> (spec §1), in its unescaped form
/// (<c>github.com/Azure/azure-sdk-for-go</c>). The default value is the empty path, which no module has.
/// </summary>
public readonly record struct ModulePath
{
    private static readonly SearchValues<char> HostChars = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-.");

    private readonly string? _value;

    private ModulePath(string value) => _value = value;

    /// <summary>The path as it stands in go.mod files.</summary>
    public string Value => _value ?? "";

    /// <summary>The path as it stands in URLs and file names: <c>github.com/!azure/azure-sdk-for-go</c>.</summary>
    public string Escaped => Escaping.Escape(Value);

    /// <summary>The path without <see cref="Major"/>.</summary>
    public string Prefix => Value[..MajorStart];

    /// <summary>
    /// The major-version suffix with its separator: <c>/v2</c>, <c>.v1</c>, <c>.v1-unstable</c>; empty if there is none.
    /// </summary>
    public string Major => Value[MajorStart..];

    internal ReadOnlySpan<char> MajorSpan => Value.AsSpan(MajorStart);

    private int MajorStart
    {
        get
        {
            PathMajor.TryFind(Value, out var start);
            return start;
        }
    }

    /// <summary>Accepts what Go's <c>CheckPath</c> accepts; otherwise says in one sentence why not.</summary>
    public static bool TryParse(string text, out ModulePath path, [NotNullWhen(false)] out string? error)
    {
        var fault = FaultOrNull(text);
        path = fault is null ? new ModulePath(text) : default;
        error = fault is null ? null : $"malformed module path {Quote.Of(text)}: {fault}";
        return fault is null;
    }

    /// <summary>Reads the escaped form, as it stands in a URL after percent-decoding.</summary>
    public static bool TryUnescape(ReadOnlySpan<char> escaped, out ModulePath path, [NotNullWhen(false)] out string? error)
    {
        if (Escaping.TryUnescape(escaped, out var text))
            return TryParse(text, out path, out error);

        path = default;
        error = $"malformed escaped module path {Quote.Of(escaped)}";
        return false;
    }

    /// <summary>For paths that the program itself wrote down.</summary>
    /// <exception cref="FormatException">The text is no module path.</exception>
    public static ModulePath Parse(string text) =>
        TryParse(text, out var path, out var error) ? path : throw new FormatException(error);

    /// <inheritdoc/>
    public override string ToString() => Value;

    private static string? FaultOrNull(ReadOnlySpan<char> path)
    {
        if (path.IsEmpty)
            return "it is empty";
        if (path[0] == '-')
            return "it starts with a dash";

        var isFirst = true;
        foreach (var range in path.Split('/'))
        {
            var element = path[range];
            if (PathElements.ModulePathFaultOrNull(element) is { } fault)
                return fault;
            if (isFirst && FirstFaultOrNull(element) is { } firstFault)
                return firstFault;
            isFirst = false;
        }

        return PathMajor.TryFind(path, out _) ? null : "its major-version suffix is not one";
    }

    // The first element is a host name, or may become one.
    private static string? FirstFaultOrNull(ReadOnlySpan<char> element)
    {
        if (!element.Contains('.'))
            return "there is no dot in the first element";
        return element.ContainsAnyExcept(HostChars)
            ? "only a-z, digits, - and . may stand in the first element"
            : null;
    }
}
