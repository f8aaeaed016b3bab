using System.Buffers;
using System.Globalization;
using System.Text;

namespace ProxyCluster.Configuration;

/// <summary>
/// Durations as people write them: <c>10s</c>, <c>500ms</c>, <c>1h30m</c>, <c>7d</c>, or .NET's <c>hh:mm:ss</c>. A bare
/// number is refused on purpose: .NET alone would read <c>10</c> as ten days.
/// </summary>
internal static class Duration
{
    /// <summary>What to write instead, for error lines.</summary>
    public const string Allowed = "use 10s, 500ms or 00:00:10";

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    private static readonly (string Name, decimal Ticks)[] Units =
    [
        ("ns", 0.01m), ("us", 10m), ("µs", 10m), ("ms", TimeSpan.TicksPerMillisecond),
        ("s", TimeSpan.TicksPerSecond), ("m", TimeSpan.TicksPerMinute), ("h", TimeSpan.TicksPerHour),
        ("d", TimeSpan.TicksPerDay),
    ];

    /// <summary>Reads a duration; false where the text is not one or does not fit.</summary>
    public static bool TryParse(string text, out TimeSpan value)
    {
        var rest = text.AsSpan().Trim();
        if (rest.Count(':') == 2)
            return TimeSpan.TryParse(rest, CultureInfo.InvariantCulture, out value);
        value = TimeSpan.Zero;
        if (rest is "0")
            return true;
        var negative = rest.StartsWith('-');
        if (negative)
            rest = rest[1..];
        if (rest.IsEmpty)
            return false;
        var ticks = 0m;
        while (!rest.IsEmpty)
        {
            if (!TryTakePart(ref rest, out var part))
                return false;
            ticks += part;
            if (ticks > long.MaxValue)
                return false;
        }

        value = TimeSpan.FromTicks((long)(negative ? -ticks : ticks));
        return true;
    }

    /// <summary>The shortest form that <see cref="TryParse"/> reads back to the same value.</summary>
    public static string Format(TimeSpan value)
    {
        if (value == TimeSpan.Zero)
            return "0s";
        if (value < TimeSpan.Zero || value.Ticks % TimeSpan.TicksPerMillisecond != 0)
            return value.ToString("c", CultureInfo.InvariantCulture);
        var text = new StringBuilder();
        Append(value.Days, "d");
        Append(value.Hours, "h");
        Append(value.Minutes, "m");
        Append(value.Seconds, "s");
        Append(value.Milliseconds, "ms");
        return text.ToString();

        void Append(int count, string unit)
        {
            if (count != 0)
                text.Append(CultureInfo.InvariantCulture, $"{count}{unit}");
        }
    }

    private static bool TryTakePart(ref ReadOnlySpan<char> rest, out decimal ticks)
    {
        ticks = 0;
        var digits = rest.IndexOfAnyExcept(Digits);
        if (digits is <= 0 or > 19
            || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return false;
        var unit = rest[digits..];
        var letters = unit.IndexOfAny(Digits);
        if (letters >= 0)
            unit = unit[..letters];
        foreach (var (name, perUnit) in Units)
        {
            if (!unit.Equals(name, StringComparison.Ordinal))
                continue;
            ticks = number * perUnit;
            rest = rest[(digits + unit.Length)..];
            return true;
        }

        return false;
    }
}
