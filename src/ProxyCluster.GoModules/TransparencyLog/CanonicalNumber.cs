using System.Globalization;

namespace ProxyCluster.GoModules.TransparencyLog;

/// <summary>Decimal numbers that have one spelling: digits only, no leading zero, at most <see cref="long.MaxValue"/>.</summary>
internal static class CanonicalNumber
{
    public static bool TryParse(ReadOnlySpan<char> text, out long value)
    {
        value = 0;
        return text.Length > 0
            && (text[0] != '0' || text.Length == 1)
            && !text.ContainsAnyExceptInRange('0', '9') // .NET's own rules let zero bytes follow
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}
