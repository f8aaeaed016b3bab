using System.Text;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.Tests.TransparencyLog;

/// <summary>What no tree has, and what the checks say of it.</summary>
public sealed class BoundsTests
{
    private static readonly TestLog Log = new(600);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 7)]
    [InlineData(1, 7)]
    [InlineData(3, 7)]
    [InlineData(4, 7)]
    [InlineData(6, 7)]
    [InlineData(7, 7)]
    [InlineData(4, 8)]
    [InlineData(6, 8)]
    [InlineData(8, 15)]
    [InlineData(12, 15)]
    [InlineData(299, 600)]
    public void Consistency_OfTwoTrees_VerifiesAndNothingNearItDoes(long older, long newer)
    {
        var proof = ConsistencyProof.Create(older, newer, Log.Hash);
        Assert.True(ConsistencyProof.Verify(proof, Log.Head(older), Log.Head(newer)));
        Assert.False(ConsistencyProof.Verify([.. proof, Log.Root(9)], Log.Head(older), Log.Head(newer)));
        Assert.False(ConsistencyProof.Verify(proof, new TreeHead(older, Log.Root(11)), Log.Head(newer)));
        Assert.Equal(older == 0 && newer > 0, ConsistencyProof.Verify(proof, Log.Head(older), new TreeHead(newer, Log.Root(11))));
        if (proof.Count > 0)
            Assert.False(ConsistencyProof.Verify([.. proof.Skip(1)], Log.Head(older), Log.Head(newer)));
        if (proof.Count > 0)
            Assert.False(ConsistencyProof.Verify([], Log.Head(older), Log.Head(newer)));
        if (older < newer)
            Assert.False(ConsistencyProof.Verify(proof, Log.Head(newer), Log.Head(older)));
    }

    [Fact]
    public void Proof_OfWhatATreeDoesNotHave_IsNone()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ConsistencyProof.Create(-1, 5, Log.Hash));
        Assert.Throws<ArgumentOutOfRangeException>(() => ConsistencyProof.Create(6, 5, Log.Hash));
        Assert.Throws<ArgumentOutOfRangeException>(() => InclusionProof.Create(-1, 5, Log.Hash));
        Assert.Throws<ArgumentOutOfRangeException>(() => InclusionProof.Create(5, 5, Log.Hash));
        Assert.False(InclusionProof.Verify([], Log.Head(1), 1, Log.Hash(0, 0)));
        Assert.False(InclusionProof.Verify([], Log.Head(1), -1, Log.Hash(0, 0)));
        Assert.False(ConsistencyProof.Verify([], new TreeHead(-1, MerkleHash.Empty), Log.Head(1)));
        Assert.Throws<ArgumentException>(() => MerkleHash.OfComplete(new byte[3 * Digest.Size]));
        Assert.Throws<ArgumentException>(() => MerkleHash.OfComplete(new byte[Digest.Size + 1]));
    }

    [Theory]
    [InlineData(-2, 0, 1)]
    [InlineData(64, 0, 1)]
    [InlineData(0, -1, 1)]
    [InlineData(0, long.MaxValue >> 8, 1)]
    [InlineData(0, 0, 0)]
    [InlineData(0, 0, 257)]
    public void Tile_ThatNoTreeHas_IsNotNamed(int level, long index, int width) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Tile(level, index, width));

    [Fact]
    public void Tile_AtTheEndOfAllTrees_IsRead()
    {
        Assert.True(Tile.TryParse("tile/8/0/x036/x028/x797/x018/x963/966", out var tile));
        Assert.Equal((long.MaxValue >> 8) - 1, tile.Index);
        Assert.False(Tile.TryParse("tile/8/0/x036/x028/x797/x018/x963/967", out _));
        Assert.Equal((0, 0, 256), (Tile.WidthIn(long.MaxValue, 8, 0), Tile.WidthIn(600, 2, 0), Tile.WidthIn(600, 0, 1)));
        Assert.Equal(new Tile(0, 5, 9), new Tile(Tile.DataLevel, 5, 9).Hashes);
        Assert.Equal(new Tile(2, 5, 9), new Tile(2, 5, 9).Hashes);
    }

    [Theory]
    [InlineData(1, "a\n\n")]
    [InlineData(2, "a\n\nbb\nb\n\n")]
    [InlineData(3, "a\n\nbb\nb\n\nc\n\n")]
    [InlineData(4, null)]
    public void Beginning_OfRecords_EndsWithAnEmptyLine(int width, string? expected)
    {
        var beginning = new Tile(Tile.DataLevel, 0, width).BeginningOrNull("a\n\nbb\nb\n\nc\n\n"u8.ToArray());
        Assert.Equal(expected, beginning is null ? null : Encoding.UTF8.GetString(beginning));
    }

    [Fact]
    public void Beginning_OfHashes_IsAsManyAsThereAre()
    {
        var three = Log.Bytes(new Tile(0, 0, 3));
        Assert.Equal(three[..64], new Tile(0, 0, 2).BeginningOrNull(three));
        Assert.Same(three, new Tile(0, 0, 3).BeginningOrNull(three));
        Assert.Null(new Tile(0, 0, 4).BeginningOrNull(three));
    }

    [Fact]
    public void Plan_OfWhatATreeDoesNotHave_IsNone()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new TilePlan(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TilePlan(5).WithRecord(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TilePlan(5).WithRecord(5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TilePlan(5).WithPrefix(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TilePlan(5).WithPrefix(6));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TilePlan(5).WithTile(1, 0));
    }

    [Theory]
    [InlineData(0, 0, "the 2 tiles at the right edge of the tree of 600 records do not give its root")]
    [InlineData(1, 9, "the 2 tiles at the right edge of the tree of 600 records do not give its root")]
    [InlineData(2, 9, "tile/8/0/000 does not give the hash that its parent tile has for it")]
    public void Plan_WithAWrongByte_SaysWhichTile(int tile, int at, string expected)
    {
        var plan = new TilePlan(600).WithRecord(3);
        var contents = Log.Contents(plan);
        var forged = contents[tile].ToArray();
        forged[at] ^= 1;
        contents[tile] = forged;
        Assert.False(plan.TryProve(Log.Root(600), contents, out _, out var error));
        Assert.Equal(expected, error);
    }

    [Fact]
    public void Plan_WithoutATile_SaysWhich()
    {
        var plan = new TilePlan(600).WithRecord(3);
        var contents = Log.Contents(plan);
        Assert.False(plan.TryProve(Log.Root(600), contents[..2], out _, out var error));
        Assert.Equal("tile/8/0/000 has 0 bytes instead of 8192", error);
        contents[1] = contents[1][..33];
        Assert.False(plan.TryProve(Log.Root(600), contents, out _, out error));
        Assert.Equal("tile/8/0/002.p/88 has 33 bytes instead of 2816", error);
    }

    [Theory]
    [InlineData("another tree\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "the note does not describe a tree of a checksum database")]
    [InlineData("go.sum database tree\n07\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "the tree's size \"07\" is not a plain decimal number")]
    [InlineData("go.sum database tree\n7\nnot base64\n", "the tree's root is not the base64 of 32 bytes")]
    public void TreeNote_ThatIsNone_SaysWhy(string text, string expected)
    {
        Assert.False(TreeNote.TryParse(text, out _, out var error));
        Assert.Equal(expected, error);
    }
}
