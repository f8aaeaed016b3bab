using System.Diagnostics.CodeAnalysis;

namespace ProxyCluster.GoModules.TransparencyLog;

/// <summary>
/// Which tiles prove a part of a tree, and the proof itself.
/// </summary>
/// <remarks>
/// <para>The tree of N records is split into maximal complete subtrees, left to right; the tiles that hold them, the
/// <em>edge</em>, fold into the root. Every other tile hangs on a parent tile, whose entry is its Merkle root. So a plan
/// is the edge plus, for everything wanted, the chain of parents up to the edge; parents stand before children.</para>
/// <para>Promise: after <see cref="TryProve"/> every byte of every tile in the plan is covered by the tree's root. The
/// loop that checks children runs over tiles. Go's first client let it start at the number of edge <em>nodes</em>, which
/// is larger than the number of edge tiles, and so left children unchecked (CVE-2026-56865).</para>
/// <para>The plan is pure: it says what to read and judges what was read. Who reads, from where, is not its business.</para>
/// </remarks>
public sealed class TilePlan
{
    private readonly List<Tile> _tiles = [];
    private readonly Dictionary<(int Level, long Index), int> _positions = [];
    private readonly Subtree[] _edge;

    /// <summary>A plan for a tree of <paramref name="size"/> records, with the tiles of its right edge.</summary>
    public TilePlan(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        Size = size;
        _edge = [.. Subtree.Cover(0, size)];
        foreach (var node in _edge)
            Add(node.TileIn(size));
        EdgeTiles = _tiles.Count;
    }

    /// <summary>Records in the tree.</summary>
    public long Size { get; }

    /// <summary>How many of the first <see cref="Tiles"/> belong to the edge.</summary>
    public int EdgeTiles { get; }

    /// <summary>The complete subtrees of the edge.</summary>
    public int EdgeNodes => _edge.Length;

    /// <summary>The tiles to read, in the order in which <see cref="TryProve"/> takes their bytes.</summary>
    public IReadOnlyList<Tile> Tiles => _tiles;

    /// <summary>Adds what proves record <paramref name="index"/> and its inclusion.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The tree has no such record.</exception>
    public TilePlan WithRecord(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Size);
        return WithTile(0, index >> Tile.Height);
    }

    /// <summary>Adds what gives the root over the first <paramref name="size"/> records.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The tree is smaller than that.</exception>
    public TilePlan WithPrefix(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, Size);
        foreach (var node in Subtree.Cover(0, size))
        {
            var tile = node.TileIn(Size);
            WithTile(tile.Level, tile.Index);
        }

        return this;
    }

    /// <summary>Adds a hash tile, as wide as this tree has it, with its parents.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The tree has no such tile.</exception>
    public TilePlan WithTile(int level, long index)
    {
        ArgumentOutOfRangeException.ThrowIfZero(Tile.WidthIn(Size, level, index));

        // Climb to the first tile that is planned already; the edge is, so the climb ends. Parents go first.
        Stack<Tile> missing = [];
        for (; !_positions.ContainsKey((level, index)); (level, index) = (level + 1, index >> Tile.Height))
            missing.Push(new Tile(level, index, Tile.WidthIn(Size, level, index)));
        foreach (var tile in missing)
            Add(tile);
        return this;
    }

    /// <summary>
    /// Proves the bytes of all <see cref="Tiles"/>, given in that order, against <paramref name="root"/>; otherwise says
    /// in one sentence which tile contradicts the tree.
    /// </summary>
    public bool TryProve(
        Digest root,
        IReadOnlyList<ReadOnlyMemory<byte>> contents,
        [NotNullWhen(true)] out ProvenTiles? proven,
        [NotNullWhen(false)] out string? error)
    {
        proven = null;
        for (var i = 0; i < _tiles.Count; i++)
        {
            if (i >= contents.Count || contents[i].Length != _tiles[i].ByteLength)
            {
                error = $"{_tiles[i]} has {(i < contents.Count ? contents[i].Length : 0)} bytes instead of {_tiles[i].ByteLength}";
                return false;
            }
        }

        var tiles = new ProvenTiles(new TreeHead(Size, root), _tiles, _positions, contents);

        // 1. The edge: all its hashes take part, since its subtrees fill its tiles to their width.
        if (Subtree.Hash(0, Size, tiles.Hash) != root)
        {
            error = $"the {EdgeTiles} tiles at the right edge of the tree of {Size} records do not give its root";
            return false;
        }

        // 2. EVERY other tile against its parent, which stands before it and is proven by now.
        for (var i = EdgeTiles; i < _tiles.Count; i++)
        {
            var tile = _tiles[i];
            if (!tile.IsFull || MerkleHash.OfComplete(contents[i].Span) != tiles.Hash((tile.Level + 1) * Tile.Height, tile.Index))
            {
                error = $"{tile} does not give the hash that its parent tile has for it";
                return false;
            }
        }

        proven = tiles;
        error = null;
        return true;
    }

    private void Add(Tile tile)
    {
        if (_positions.TryAdd((tile.Level, tile.Index), _tiles.Count))
            _tiles.Add(tile);
    }
}
