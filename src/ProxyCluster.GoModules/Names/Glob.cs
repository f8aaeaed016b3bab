namespace ProxyCluster.GoModules.Names;

/// <summary>
/// Go's <c>path.Match</c>: <c>*</c> is a run without slashes, <c>?</c> one character but a slash, <c>[a-z]</c> and
/// <c>[^a-z]</c> one character of a class, <c>\</c> makes the next one literal. The whole text must match.
/// </summary>
public static class Glob
{
    /// <summary>Can the pattern be matched at all?</summary>
    public static bool IsWellFormed(string pattern)
    {
        for (var at = 0; at < pattern.Length;)
        {
            if (!TryStep(pattern, ref at, default, out _))
                return false;
        }

        return true;
    }

    /// <summary>Matches a well-formed pattern. Linear in the text for each star: only the last star is ever widened.</summary>
    public static bool IsMatch(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        int p = 0, t = 0, afterStar = -1, starText = 0;
        while (t < text.Length || p < pattern.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                afterStar = ++p;
                starText = t;
                continue;
            }

            if (p < pattern.Length && t < text.Length && TryStep(pattern, ref p, text[t], out var accepts) && accepts)
            {
                t++;
                continue;
            }

            // The last star takes one character more; no star crosses a slash.
            if (afterStar < 0 || starText >= text.Length || text[starText] == '/')
                return false;
            p = afterStar;
            t = ++starText;
        }

        return true;
    }

    /// <summary>Reads one item that is not in a star's place and says whether it accepts the character.</summary>
    private static bool TryStep(ReadOnlySpan<char> pattern, ref int at, char c, out bool accepts)
    {
        accepts = false;
        switch (pattern[at])
        {
            case '*':
                at++;
                return true;
            case '?':
                at++;
                accepts = c != '/';
                return true;
            case '[':
                return TryClass(pattern, ref at, c, out accepts);
            case '\\' when ++at == pattern.Length:
                return false;
            default:
                accepts = pattern[at++] == c;
                return true;
        }
    }

    private static bool TryClass(ReadOnlySpan<char> pattern, ref int at, char c, out bool accepts)
    {
        accepts = false;
        at++;
        var isNegated = at < pattern.Length && pattern[at] == '^';
        if (isNegated)
            at++;

        var isInside = false;
        for (var isFirst = true; isFirst || at >= pattern.Length || pattern[at] != ']'; isFirst = false)
        {
            if (!TryClassChar(pattern, ref at, out var low))
                return false;
            var high = low;
            if (at < pattern.Length && pattern[at] == '-')
            {
                at++;
                if (!TryClassChar(pattern, ref at, out high))
                    return false;
            }

            isInside |= low <= c && c <= high;
        }

        at++;
        accepts = isInside != isNegated;
        return true;
    }

    private static bool TryClassChar(ReadOnlySpan<char> pattern, ref int at, out char c)
    {
        c = default;
        if (at < pattern.Length && pattern[at] == '\\')
            at++;
        else if (at < pattern.Length && pattern[at] is '-' or ']')
            return false;
        if (at >= pattern.Length)
            return false;
        c = pattern[at++];
        return true;
    }
}
