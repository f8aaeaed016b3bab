using System.Numerics;

namespace ProxyCluster.GoModules.TransparencyLog;

/// <summary>A complete subtree of 2^<paramref name="Level"/> records.</summary>
/// <param name="Level">Tree level; 0 is the leaves.</param>
/// <param name="Index">Number of the subtree in its level.</param>
internal readonly record struct Subtree(int Level, long Index)
{
    /// <summary>The tile that holds what this subtree's hash is computed from, in a tree of <paramref name="size"/> records.</summary>
    public Tile TileIn(long size)
    {
        var (level, index) = (Level / Tile.Height, FirstHash >> Tile.Height);
        return new Tile(level, index, Tile.WidthIn(size, level, index));
    }

    /// <summary>Number, in the tile's level, of the first of the 2^<see cref="Span"/> hashes under this subtree.</summary>
    public long FirstHash => Index << Span;

    /// <summary>Levels between this subtree and the hashes of its tile.</summary>
    public int Span => Level % Tile.Height;

    /// <summary>
    /// Splits the records [<paramref name="start"/>, <paramref name="end"/>) into maximal complete subtrees, left to
    /// right. <paramref name="start"/> must be aligned to the largest of them, as it is for every subtree of RFC 6962.
    /// </summary>
    public static IEnumerable<Subtree> Cover(long start, long end)
    {
        while (start < end)
        {
            var level = BitOperations.Log2((ulong)(end - start));
            yield return new Subtree(level, start >> level);
            start += 1L << level;
        }
    }

    /// <summary>Hash over the records [<paramref name="start"/>, <paramref name="end"/>), folded from right to left.</summary>
    public static Digest Hash(long start, long end, HashReader read)
    {
        Digest? hash = null;
        foreach (var part in Cover(start, end).Reverse())
        {
            var left = read(part.Level, part.Index);
            hash = hash is { } right ? MerkleHash.OfNode(left, right) : left;
        }

        return hash ?? MerkleHash.Empty;
    }

    /// <summary>The largest power of two below <paramref name="count"/>, where RFC 6962 splits (count ≥ 2).</summary>
    public static long SplitOf(long count) => 1L << BitOperations.Log2((ulong)(count - 1));
}
