namespace ProxyCluster.GoModules.TransparencyLog;

/// <summary>Tiles whose every byte is covered by a tree's root; only <see cref="TilePlan.TryProve"/> makes them.</summary>
public sealed class ProvenTiles
{
    private readonly IReadOnlyList<Tile> _tiles;
    private readonly IReadOnlyDictionary<(int Level, long Index), int> _positions;
    private readonly IReadOnlyList<ReadOnlyMemory<byte>> _contents;

    internal ProvenTiles(
        TreeHead head,
        IReadOnlyList<Tile> tiles,
        IReadOnlyDictionary<(int Level, long Index), int> positions,
        IReadOnlyList<ReadOnlyMemory<byte>> contents)
    {
        Head = head;
        _tiles = tiles;
        _positions = positions;
        _contents = contents;
    }

    /// <summary>The tree that they are proven in.</summary>
    public TreeHead Head { get; }

    /// <summary>Every tile with its bytes.</summary>
    public IEnumerable<(Tile Tile, ReadOnlyMemory<byte> Bytes)> All => _tiles.Zip(_contents);

    /// <summary>A <see cref="HashReader"/> over the tiles.</summary>
    /// <exception cref="KeyNotFoundException">The plan did not ask for what this hash is computed from.</exception>
    public Digest Hash(int level, long index)
    {
        var node = new Subtree(level, index);
        var bytes = _contents[_positions[(level / Tile.Height, node.FirstHash >> Tile.Height)]].Span;
        var first = (int)(node.FirstHash & (Tile.FullWidth - 1)) * Digest.Size;
        return MerkleHash.OfComplete(bytes.Slice(first, Digest.Size << node.Span));
    }

    /// <summary>Leaf hash of a record that the plan asked for.</summary>
    public Digest Leaf(long index) => Hash(0, index);

    /// <summary>Root over the first <paramref name="size"/> records, which the plan asked for.</summary>
    public Digest RootOf(long size) => Subtree.Hash(0, size, Hash);

    /// <summary>Bytes of a tile, or null where the plan has no tile at that place.</summary>
    public ReadOnlyMemory<byte>? BytesOrNull(int level, long index) =>
        _positions.TryGetValue((level, index), out var position) ? _contents[position] : null;
}
