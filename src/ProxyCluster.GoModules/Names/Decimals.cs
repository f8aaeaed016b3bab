namespace ProxyCluster.GoModules.Names;

/// <summary>Arithmetic on decimal texts without leading zeros, of any length: versions know no integer size.</summary>
internal static class Decimals
{
    public static bool IsDigits(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('0', '9');

    public static int Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b) =>
        a.Length != b.Length ? a.Length.CompareTo(b.Length) : a.SequenceCompareTo(b);

    /// <summary>The next number.</summary>
    public static string Increment(ReadOnlySpan<char> number)
    {
        // All trailing nines turn over; the digit before them, or a new one, takes the carry.
        var kept = number.TrimEnd('9');
        var zeros = new string('0', number.Length - kept.Length);
        return kept.IsEmpty ? "1" + zeros : $"{kept[..^1]}{(char)(kept[^1] + 1)}{zeros}";
    }

    /// <summary>The number before; null for zero.</summary>
    public static string? DecrementOrNull(ReadOnlySpan<char> number)
    {
        var kept = number.TrimEnd('0');
        if (kept.IsEmpty)
            return null;

        var nines = new string('9', number.Length - kept.Length);
        return kept is "1" && nines.Length > 0 ? nines : $"{kept[..^1]}{(char)(kept[^1] - 1)}{nines}";
    }
}
