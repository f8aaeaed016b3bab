using System.Diagnostics.CodeAnalysis;

namespace ProxyCluster.Http;

/// <summary>
/// The path of a request, from its raw target. The framework's own path folds dot segments and leaves <c>%2F</c> in
/// place, so it cannot be trusted with names that differ by one byte.
/// </summary>
internal static class RequestTarget
{
    /// <summary>
    /// The target without scheme, authority and query, still percent-encoded. Hot path: does not allocate.
    /// </summary>
    public static ReadOnlySpan<char> PathOf(string target)
    {
        if (StartOrNull(target) is not { } start)
            return [];
        var path = target.AsSpan(start);
        var end = path.IndexOfAny('?', '#');
        path = end < 0 ? path : path[..end];
        return path.IsEmpty ? "/" : path;
    }

    /// <summary>The target from its path on: as it came, save for an absolute form's scheme and authority.</summary>
    public static string From(string target) =>
        StartOrNull(target) is not (> 0 and var start) ? target
        : start < target.Length && target[start] == '/' ? target[start..]
        : $"/{target.AsSpan(start)}";

    // Where the path begins, which an absolute form may leave out; null where there can be none. RFC 9112 §3.2.
    private static int? StartOrNull(string target)
    {
        if (target is ['/', ..])
            return 0;
        var scheme = target.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0)
            return null;
        var authority = target.AsSpan(scheme + 3);
        var end = authority.IndexOfAny("/?#");
        return scheme + 3 + (end < 0 ? authority.Length : end);
    }

    /// <summary>
    /// Undoes percent-encoding exactly once (<c>%21</c> is <c>!</c>; <c>+</c> stays a plus) and refuses what no module
    /// path holds: an encoded slash, dot or empty segments, control and non-ASCII characters.
    /// </summary>
    public static bool TryDecode(
        ReadOnlySpan<char> path, [NotNullWhen(true)] out string? decoded, [NotNullWhen(false)] out string? error)
    {
        decoded = null;
        if (path.Length == 0 || path[0] != '/')
            return Fail("the request target is not a path", out error);

        Span<char> buffer = path.Length <= 512 ? stackalloc char[path.Length] : new char[path.Length];
        var length = 0;
        for (var i = 0; i < path.Length; i++)
        {
            var c = path[i];
            if (c == '%')
            {
                if (i + 2 >= path.Length || !char.IsAsciiHexDigit(path[i + 1]) || !char.IsAsciiHexDigit(path[i + 2]))
                    return Fail("the path has a '%' without two hexadecimal digits", out error);
                c = (char)((Value(path[i + 1]) << 4) | Value(path[i + 2]));
                if (c == '/')
                    return Fail("the path has an encoded slash", out error);
                i += 2;
            }

            if (c is <= ' ' or >= '\x7f' or '\\')
                return Fail("the path has a character that no module path has", out error);
            buffer[length++] = c;
        }

        var text = buffer[..length];
        foreach (var range in text[1..].Split('/'))
        {
            var segment = text[1..][range];
            if (segment is "." or ".." || (segment.IsEmpty && length > 1))
                return Fail("the path has an empty or dot segment", out error);
        }

        decoded = text.ToString();
        error = null;
        return true;
    }

    private static int Value(char digit) => char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static bool Fail(string why, out string error)
    {
        error = why;
        return false;
    }
}
