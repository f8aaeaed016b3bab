using System.Globalization;
using System.Text;

namespace ProxyCluster.GoModules.Names;

/// <summary>
/// Puts foreign text into a sentence: quoted, cut short, and with everything that could forge a log line or a terminal
/// sequence written as an escape. Only failures pay for it.
/// </summary>
internal static class Quote
{
    private const int Longest = 160;

    public static string Of(ReadOnlySpan<char> text)
    {
        var quoted = new StringBuilder(Math.Min(text.Length, Longest) + 8).Append('"');
        var kept = text.Length > Longest ? text[..Longest] : text;
        foreach (var rune in kept.EnumerateRunes())
        {
            if (rune.Value is '"' or '\\')
                quoted.Append('\\').Append((char)rune.Value);
            else if (IsPrintable(rune))
                quoted.Append(rune.ToString());
            else
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
        }

        return quoted.Append(kept.Length < text.Length ? "…\"" : "\"").ToString();
    }

    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);
}
