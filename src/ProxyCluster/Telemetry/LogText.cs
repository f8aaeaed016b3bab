using System.Globalization;
using System.Text;

namespace ProxyCluster.Telemetry;

/// <summary>
/// What strangers wrote, as a log may hold it: names have a length, and nothing in them steers a terminal, whoever looks at
/// the file later. What cannot be shown is written as <c>\u001b</c>.
/// </summary>
internal static class LogText
{
    /// <summary>Longest value that a line names in full.</summary>
    public const int MaxValue = 200;

    /// <summary>Longest line.</summary>
    public const int MaxLine = 2_000;

    /// <summary>Longest account of an exception, stack trace included.</summary>
    public const int MaxException = 8_000;

    /// <summary>The text without control and formatting characters, cut to a length. The same string where nothing is to do.</summary>
    public static string Clean(string text, int max, bool keepsLines = false)
    {
        var isCut = text.Length > max;
        var shown = text.AsSpan(0, isCut ? max : text.Length);
        var clean = 0;
        while (clean < shown.Length && IsShown(shown[clean], keepsLines))
            clean++;
        if (clean == shown.Length)
            return isCut ? string.Concat(shown, "…") : text;

        var result = new StringBuilder(shown.Length + 16).Append(shown[..clean]);
        foreach (var c in shown[clean..])
        {
            if (IsShown(c, keepsLines))
                result.Append(c);
            else
                result.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return (isCut ? result.Append('…') : result).ToString();
    }

    // Surrogates stand for what lies outside of the first plane, where nothing steers a terminal.
    private static bool IsShown(char c, bool keepsLines) => (keepsLines && c is '\n' or '\r' or '\t')
        || char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
