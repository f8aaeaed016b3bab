namespace ProxyCluster.GoModules.Zips;

/// <summary>
/// Unicode simple case folding, which says when two file names are one on a file system that ignores case (spec §4).
/// Neither lower-casing nor upper-casing is that: <c>K</c>, <c>k</c> and the Kelvin sign U+212A are one letter here.
/// </summary>
internal static partial class CaseFolding
{
    private const int Columns = 4;

    /// <summary>True if both texts fold to the same one.</summary>
    public static bool AreEqual(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (a.SequenceEqual(b))
            return true;

        var left = a.EnumerateRunes();
        var right = b.EnumerateRunes();
        while (true)
        {
            var hasLeft = left.MoveNext();
            if (hasLeft != right.MoveNext())
                return false;
            if (!hasLeft)
                return true;
            if (left.Current != right.Current && Fold(left.Current.Value) != Fold(right.Current.Value))
                return false;
        }
    }

    /// <summary>Adds the folded text to a hash: equal texts add the same.</summary>
    public static void AddTo(ref HashCode hash, ReadOnlySpan<char> text)
    {
        foreach (var rune in text.EnumerateRunes())
            hash.Add(Fold(rune.Value));
    }

    /// <summary>The folded code point.</summary>
    public static int Fold(int rune)
    {
        if (rune < 0x80)
            return rune is >= 'A' and <= 'Z' ? rune | 0x20 : rune;

        var table = Table;
        int low = 0, high = (table.Length / Columns) - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var row = table.Slice(middle * Columns, Columns);
            if (rune < row[0])
                high = middle - 1;
            else if (rune > row[1])
                low = middle + 1;
            else
                return (rune - row[0]) % row[2] == 0 ? rune + row[3] : rune;
        }

        return rune;
    }
}
