using System.Diagnostics.CodeAnalysis;

namespace ProxyCluster.Credentials;

/// <summary>
/// A command line in words, as <c>go</c> reads GOAUTH: parted by white space; a word that begins with a quote ends with the
/// same, and nothing within it is special.
/// </summary>
internal static class CommandWords
{
    /// <summary>Reads at least one word; false for none, and for a quote that is left open.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out IReadOnlyList<string>? words)
    {
        var found = new List<string>();
        words = found;
        for (var rest = text.AsSpan().Trim(" \t\r\n"); !rest.IsEmpty; rest = rest.TrimStart(" \t\r\n"))
        {
            if (rest[0] is not ('"' or '\''))
            {
                var end = rest.IndexOfAny(" \t\r\n");
                end = end < 0 ? rest.Length : end;
                found.Add(rest[..end].ToString());
                rest = rest[end..];
                continue;
            }

            var close = rest[1..].IndexOf(rest[0]);
            if (close < 0)
                return false;
            found.Add(rest.Slice(1, close).ToString());
            rest = rest[(close + 2)..];
        }

        return found.Count > 0 && found[0].Length > 0;
    }
}
