using System.Globalization;
using System.Text;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.Tests.TransparencyLog;

/// <summary>A log of the leaves "leaf 0", "leaf 1", …, with its hashes by RFC 6962's recursive definition.</summary>
internal sealed class TestLog
{
    private readonly List<List<Digest>> _levels = [[]];

    public TestLog(int size, string word = "leaf")
    {
        for (var i = 0; i < size; i++)
        {
            var hash = MerkleHash.OfRecord(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{word} {i}")));
            for (var level = 0; ; level++)
            {
                if (level == _levels.Count)
                    _levels.Add([]);
                _levels[level].Add(hash);
                if (_levels[level].Count % 2 == 1)
                    break;
                hash = MerkleHash.OfNode(_levels[level][^2], hash);
            }
        }
    }

    public Digest Hash(int level, long index) => _levels[level][(int)index];

    /// <summary>MTH of RFC 6962 §2.1, straight from its definition.</summary>
    public Digest Root(long size) => size == 0 ? MerkleHash.Empty : Root(0, size);

    public TreeHead Head(long size) => new(size, Root(size));

    public byte[] Bytes(Tile tile)
    {
        var bytes = new byte[tile.ByteLength];
        for (var i = 0; i < tile.Width; i++)
            Hash(tile.Level * Tile.Height, (tile.Index << Tile.Height) + i).CopyTo(bytes.AsSpan(i * Digest.Size));
        return bytes;
    }

    public ReadOnlyMemory<byte>[] Contents(TilePlan plan) => [.. plan.Tiles.Select(tile => new ReadOnlyMemory<byte>(Bytes(tile)))];

    private Digest Root(long start, long end)
    {
        if (end - start == 1)
            return Hash(0, start);

        long half = 1;
        while (half * 2 < end - start)
            half *= 2;
        return MerkleHash.OfNode(Root(start, start + half), Root(start + half, end));
    }
}
