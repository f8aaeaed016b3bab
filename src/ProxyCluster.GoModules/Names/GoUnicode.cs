namespace ProxyCluster.GoModules.Names;

/// <summary>
/// What <c>go</c> takes for a letter, and for the same letter in another case, by the tables of the newest one
/// (<c>infra/unicode-tables.go</c> writes them). .NET's own Unicode is of another year, and a name is to be judged here as by
/// the <c>go</c> that will unpack it.
/// </summary>
internal static partial class GoUnicode
{
    /// <summary>Is a code point above ASCII a letter?</summary>
    public static bool IsLetter(int rune) => RowOrNegative(Letters, 2, rune) >= 0;

    /// <summary>
    /// The one code point that stands for all that are the same letter. Neither lower-casing nor upper-casing is that:
    /// <c>K</c>, <c>k</c> and the Kelvin sign U+212A are one letter here.
    /// </summary>
    public static int Fold(int rune)
    {
        if (rune < 0x80)
            return rune is >= 'A' and <= 'Z' ? rune | 0x20 : rune;

        var row = RowOrNegative(Folds, 4, rune);
        return row >= 0 && (rune - Folds[row]) % Folds[row + 2] == 0 ? rune + Folds[row + 3] : rune;
    }

    // Where the row begins that holds the code point between its first two columns.
    private static int RowOrNegative(ReadOnlySpan<int> table, int columns, int rune)
    {
        int low = 0, high = (table.Length / columns) - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var row = middle * columns;
            if (rune < table[row])
                high = middle - 1;
            else if (rune > table[row + 1])
                low = middle + 1;
            else
                return row;
        }

        return -1;
    }
}
