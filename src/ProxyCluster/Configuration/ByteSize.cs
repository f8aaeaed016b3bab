using System.Globalization;

namespace ProxyCluster.Configuration;

/// <summary>Sizes as people write them: <c>64MiB</c>, <c>500MB</c>, <c>1.5GiB</c>, or plain bytes.</summary>
internal static class ByteSize
{
    /// <summary>What to write instead, for error lines.</summary>
    public const string Allowed = "use 64MiB, 500MB or a number of bytes";

    // "64M" is left out: half of its writers mean 1000s and half 1024s.
    private static readonly (string Name, long Bytes)[] Units =
    [
        ("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10),
        ("Ti", 1L << 40), ("Gi", 1L << 30), ("Mi", 1L << 20), ("Ki", 1L << 10),
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000), ("B", 1),
    ];

    /// <summary>Reads a size; false where the text is not one, does not fit or is not a whole number of bytes.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var number = text.AsSpan().Trim();
        var perUnit = 1L;
        foreach (var (name, unitBytes) in Units)
        {
            if (!number.EndsWith(name, StringComparison.OrdinalIgnoreCase))
                continue;
            perUnit = unitBytes;
            number = number[..^name.Length].TrimEnd();
            break;
        }

        const NumberStyles Style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign;
        if (number.Length > 20 || !decimal.TryParse(number, Style, CultureInfo.InvariantCulture, out var count))
            return false;
        var total = count * perUnit;
        if (total != decimal.Truncate(total) || total is > long.MaxValue or < long.MinValue)
            return false;
        bytes = (long)total;
        return true;
    }

    /// <summary>The largest binary unit that loses nothing; plain bytes otherwise.</summary>
    public static string Format(long bytes)
    {
        foreach (var (name, perUnit) in Units.AsSpan(0, 4))
        {
            if (bytes >= perUnit && bytes % perUnit == 0)
                return string.Create(CultureInfo.InvariantCulture, $"{bytes / perUnit}{name}");
        }

        return bytes.ToString(CultureInfo.InvariantCulture);
    }
}
