using System.Diagnostics.CodeAnalysis;

namespace ProxyCluster.GoModules.Names;

/// <summary>
/// Go's case escape (spec §1): every upper-case letter becomes <c>!</c> and its lower-case form, so that two names that
/// differ in case alone stay apart on file systems and hosts that fold case. Only ASCII has an escape.
/// </summary>
public static class Escaping
{
    /// <summary>Escapes a valid path or version; the same string when it has no upper-case letter.</summary>
    /// <exception cref="ArgumentException">The text holds <c>!</c> or a character outside ASCII: it has no escape.</exception>
    public static string Escape(string text)
    {
        if (text.AsSpan().Contains('!') || text.AsSpan().ContainsAnyExceptInRange('\0', '\x7f'))
            throw new ArgumentException($"{Quote.Of(text)} cannot be escaped", nameof(text));

        var upper = 0;
        foreach (var c in text)
            upper += char.IsAsciiLetterUpper(c) ? 1 : 0;

        return upper == 0 ? text : string.Create(text.Length + upper, text, static (target, text) =>
        {
            var at = 0;
            foreach (var c in text)
            {
                var isUpper = char.IsAsciiLetterUpper(c);
                if (isUpper)
                    target[at++] = '!';
                target[at++] = isUpper ? (char)(c | 0x20) : c;
            }
        });
    }

    /// <summary>
    /// Undoes <see cref="Escape"/>. False for upper-case letters, characters outside ASCII, and a <c>!</c> that no
    /// lower-case letter follows: every name has exactly one escaped form. Says nothing about the name's own rules.
    /// </summary>
    public static bool TryUnescape(ReadOnlySpan<char> escaped, [NotNullWhen(true)] out string? text)
    {
        text = null;
        var bangs = 0;
        for (var i = 0; i < escaped.Length; i++)
        {
            var c = escaped[i];
            if (c > '\x7f' || char.IsAsciiLetterUpper(c))
                return false;
            if (c != '!')
                continue;
            if (++i == escaped.Length || !char.IsAsciiLetterLower(escaped[i]))
                return false;
            bangs++;
        }

        text = bangs == 0 ? escaped.ToString() : string.Create(escaped.Length - bangs, escaped, static (target, escaped) =>
        {
            var from = 0;
            for (var at = 0; at < target.Length; at++)
            {
                var c = escaped[from++];
                target[at] = c == '!' ? (char)(escaped[from++] & ~0x20) : c;
            }
        });
        return true;
    }

    /// <summary>Escapes what may stand before <c>.info</c>; false if a proxy cannot be asked for it (spec §1).</summary>
    internal static bool TryEscapeVersion(string version, [NotNullWhen(true)] out string? escaped)
    {
        escaped = VersionFaultOrNull(version) is null ? Escape(version) : null;
        return escaped is not null;
    }

    /// <summary>What keeps a version or revision from being asked through a proxy, or null.</summary>
    internal static string? VersionFaultOrNull(ReadOnlySpan<char> version)
    {
        if (PathElements.FilePathFaultOrNull(version) is { } fault)
            return fault;
        if (version[0] == '-')
            return "it starts with a dash"; // CVE-2025-68119: it would read as a flag
        return version.Contains('!') || version.ContainsAnyExceptInRange('\0', '\x7f')
            ? "a character has no escaped form"
            : null;
    }
}
