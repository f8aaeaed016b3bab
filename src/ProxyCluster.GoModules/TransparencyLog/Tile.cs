using System.Globalization;
using System.Text;

namespace ProxyCluster.GoModules.TransparencyLog;

/// <summary>
/// The coordinates of a tile of height 8: up to 256 neighbouring hashes of tree level <c>8 × Level</c>, or, as a data
/// tile, the records below those of level 0 (spec §5).
/// </summary>
/// <remarks>
/// A path is read by parsing it and accepted only when rendering the result gives the same path again, so a tile has one
/// name and a cache one file for it.
/// </remarks>
public readonly record struct Tile
{
    /// <summary>Tree levels in a tile.</summary>
    public const int Height = 8;

    /// <summary>Hashes in a full tile.</summary>
    public const int FullWidth = 1 << Height;

    /// <summary>The <see cref="Level"/> of data tiles.</summary>
    public const int DataLevel = -1;

    private const int MaxLevel = 63;

    /// <summary>Names a tile.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A coordinate that no tree can have.</exception>
    public Tile(int level, long index, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(level, DataLevel);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, MaxLevel);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, long.MaxValue >> Height);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, FullWidth);
        Level = level;
        Index = index;
        Width = width;
    }

    /// <summary>Tile level; its hashes are of tree level <c>8 × Level</c>. <see cref="DataLevel"/> for records.</summary>
    public int Level { get; }

    /// <summary>Number of the tile in its level; its first hash has number <c>256 × Index</c>.</summary>
    public long Index { get; }

    /// <summary>Hashes or records in it, 1 to 256.</summary>
    public int Width { get; }

    /// <summary>True for tiles of records.</summary>
    public bool IsData => Level == DataLevel;

    /// <summary>True for tiles that will never change.</summary>
    public bool IsFull => Width == FullWidth;

    /// <summary>Length of a hash tile.</summary>
    public int ByteLength => Width * Digest.Size;

    /// <summary>The full tile at the same place.</summary>
    public Tile Full => new(Level, Index, FullWidth);

    /// <summary>The hash tile above a data tile.</summary>
    public Tile Hashes => new(Math.Max(Level, 0), Index, Width);

    /// <summary>Number of hashes that a tree of <paramref name="size"/> records has at this tile's place, 0 to 256.</summary>
    public static int WidthIn(long size, int level, long index)
    {
        var shift = Math.Max(level, 0) * Height;
        var hashes = shift >= 63 ? 0 : size >> shift;
        return (int)Math.Clamp(hashes - (index << Height), 0, FullWidth);
    }

    /// <summary>
    /// The bytes of this tile, which are the beginning of those of a wider one at its place; null where these do not have as
    /// much. Each record of a data tile ends with an empty line (spec §5).
    /// </summary>
    public byte[]? BeginningOrNull(byte[] bytes)
    {
        var length = IsData ? 0 : ByteLength;
        for (var record = 0; IsData && record < Width; record++)
        {
            var end = bytes.AsSpan(length).IndexOf("\n\n"u8);
            if (end < 0)
                return null;
            length += end + 2;
        }

        return length == bytes.Length ? bytes : length < bytes.Length ? bytes[..length] : null;
    }

    /// <summary>Reads <c>tile/8/L/NNN[.p/W]</c>, <c>L</c> also being <c>data</c>. False for anything with another spelling.</summary>
    public static bool TryParse(string path, out Tile tile)
    {
        tile = default;
        var parts = path.Length > 100 ? [] : path.Split('/');
        if (parts.Length < 4 || parts[0] != "tile" || parts[1] != "8")
            return false;

        long level = DataLevel;
        if (parts[2] != "data" && (!CanonicalNumber.TryParse(parts[2], out level) || level > MaxLevel))
            return false;

        long width = FullWidth;
        var groups = parts.AsSpan(3);
        if (groups is [.., { } last, _] && last.EndsWith(".p", StringComparison.Ordinal))
        {
            if (!CanonicalNumber.TryParse(groups[^1], out width) || width is < 1 or >= FullWidth)
                return false;
            groups = groups[..^1];
            groups[^1] = last[..^2];
        }

        if (!TryParseIndex(groups, out var index))
            return false;

        tile = new Tile((int)level, index, (int)width);
        return tile.ToString() == path;
    }

    /// <summary>The tile's path, <c>tile/8/0/x001/234.p/5</c>.</summary>
    public override string ToString()
    {
        var path = new StringBuilder((Index % 1000).ToString("000", CultureInfo.InvariantCulture));
        for (var rest = Index / 1000; rest > 0; rest /= 1000)
            path.Insert(0, string.Create(CultureInfo.InvariantCulture, $"x{rest % 1000:000}/"));

        path.Insert(0, IsData ? "tile/8/data/" : string.Create(CultureInfo.InvariantCulture, $"tile/8/{Level}/"));
        if (!IsFull)
            path.Append(CultureInfo.InvariantCulture, $".p/{Width}");
        return path.ToString();
    }

    private static bool TryParseIndex(ReadOnlySpan<string> groups, out long index)
    {
        index = 0;
        if (groups.IsEmpty || groups.Length > 6)
            return false;

        for (var i = 0; i < groups.Length; i++)
        {
            var digits = groups[i].AsSpan();
            if (i < groups.Length - 1)
            {
                if (digits is not ['x', ..])
                    return false;
                digits = digits[1..];
            }

            if (digits.Length != 3 || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var group))
                return false;
            index = index * 1000 + group;
        }

        return index < long.MaxValue >> Height;
    }
}
