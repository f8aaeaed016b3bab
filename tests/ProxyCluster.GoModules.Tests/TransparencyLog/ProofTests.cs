using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using ProxyCluster.GoModules.Tests.Notes;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.Tests.TransparencyLog;

public class ProofTests
{
    private static readonly TestLog Log = new(1000);

    [Fact]
    public void Root_SyntheticTrees_AreTheKnownOnes()
    {
        foreach (var (size, root) in NoteVectors.Root["synthetic_tree"]!["roots"]!.AsObject())
        {
            var number = long.Parse(size, CultureInfo.InvariantCulture);
            Assert.Equal(root!.GetValue<string>(), Log.Root(number).ToBase64());
            Assert.Equal(Log.Root(number), Subtree.Hash(0, number, Log.Hash));
        }
    }

    [Fact]
    public void Tiles_SyntheticTree_AreTheKnownOnes()
    {
        foreach (var vector in NoteVectors.Root["synthetic_tree"]!["tiles_sha256_H8"]!.AsArray())
        {
            Assert.True(Tile.TryParse(vector!["path"]!.GetValue<string>(), out var tile));
            var bytes = Log.Bytes(tile);
            Assert.Equal(vector["bytes"]!.GetValue<int>(), bytes.Length);
            Assert.Equal(vector["sha256"]!.GetValue<string>(), Digest.Of(bytes).ToHex());
            Assert.Equal(tile.Width, Tile.WidthIn(vector["tree"]!.GetValue<int>(), tile.Level, tile.Index));
        }
    }

    [Fact]
    public void LeafHash_HelloWorld_IsTheKnownOne() =>
        Assert.Equal("TszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=", MerkleHash.OfRecord("hello world"u8).ToBase64());

    [Fact]
    public void RealProofs_CertificateTransparency_Verify()
    {
        var vector = NoteVectors.Root["rfc6962_real_ct_proofs"]!;
        var head = new TreeHead(vector["tree_size"]!.GetValue<long>(), Base64(vector["root"]!.GetValue<string>()));
        var leaf = MerkleHash.OfRecord(Convert.FromBase64String(vector["leaf_data_base64"]!.GetValue<string>()));
        var index = vector["leaf_index"]!.GetValue<long>();
        Digest[] path = [.. vector["audit_path_leaf_to_root"]!.AsArray().Select(hash => Base64(hash!.GetValue<string>()))];
        Assert.Equal(vector["leaf_hash"]!.GetValue<string>(), leaf.ToBase64());
        Assert.True(InclusionProof.Verify(path, head, index, leaf));
        Assert.False(InclusionProof.Verify(path, head, index + 1, leaf));
        Assert.False(InclusionProof.Verify(path[1..], head, index, leaf));
        Assert.False(InclusionProof.Verify([.. path, head.Root], head, index, leaf));

        var consistency = vector["consistency"]!;
        var older = new TreeHead(consistency["old_size"]!.GetValue<long>(), Base64(consistency["old_root"]!.GetValue<string>()));
        path = [.. consistency["path"]!.AsArray().Select(hash => Base64(hash!.GetValue<string>()))];
        Assert.True(ConsistencyProof.Verify(path, older, head));
        Assert.False(ConsistencyProof.Verify(path, older with { Size = older.Size + 1 }, head));
        Assert.False(ConsistencyProof.Verify(path, older with { Root = head.Root }, head));
        Assert.False(ConsistencyProof.Verify(path[..^1], older, head));
    }

    [Fact]
    public void Inclusion_EveryRecordOfSmallTrees_VerifiesAndNothingElseDoes()
    {
        for (var size = 1; size <= 40; size++)
        {
            for (var index = 0; index < size; index++)
            {
                var proof = InclusionProof.Create(index, size, Log.Hash);
                Assert.True(InclusionProof.Verify(proof, Log.Head(size), index, Log.Hash(0, index)));
                Assert.False(InclusionProof.Verify(proof, Log.Head(size), index, Log.Hash(0, index + 1)));
                Assert.False(InclusionProof.Verify(proof, Log.Head(size + 1), index, Log.Hash(0, index)));
            }
        }
    }

    [Fact]
    public void Consistency_EveryPairOfSmallTrees_VerifiesAndOtherRootsDoNot()
    {
        for (var newer = 0; newer <= 40; newer++)
        {
            for (var older = 0; older <= newer; older++)
            {
                var proof = ConsistencyProof.Create(older, newer, Log.Hash);
                Assert.True(ConsistencyProof.Verify(proof, Log.Head(older), Log.Head(newer)), $"{older} {newer}");
                Assert.False(ConsistencyProof.Verify(proof, new TreeHead(older, Log.Root(500)), Log.Head(newer)));
                Assert.False(ConsistencyProof.Verify(proof, Log.Head(newer + 1), Log.Head(newer)));
            }
        }
    }

    [Fact]
    public void Proofs_RandomTrees_VerifyFromTilesToo()
    {
        Prop.ForAll(Gen.Choose(1, 1000).Two().Three().ToArbitrary(), sample =>
        {
            var ((a, b), (c, _), _) = sample;
            var (size, prefix, index) = (Math.Max(a, b), Math.Min(a, b), c % Math.Max(a, b));
            var plan = new TilePlan(size).WithPrefix(prefix).WithRecord(index);
            Assert.True(plan.TryProve(Log.Root(size), Log.Contents(plan), out var tiles, out var error), error);
            return tiles.RootOf(prefix) == Log.Root(prefix)
                && InclusionProof.Verify(InclusionProof.Create(index, size, tiles.Hash), Log.Head(size), index, Log.Hash(0, index))
                && ConsistencyProof.Verify(ConsistencyProof.Create(prefix, size, Log.Hash), Log.Head(prefix), Log.Head(size));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void InclusionOfASmallerTree_TilesOfALargerOne_Suffice()
    {
        // What a lookup below the kept head needs: one reading gives the timeline check and the proof in its own tree.
        foreach (var (size, older) in ((int, int)[])[(1000, 1), (1000, 255), (1000, 256), (1000, 257), (1000, 777), (513, 512), (300, 299)])
        {
            for (var index = 0; index < older; index += 37)
            {
                var plan = new TilePlan(size).WithPrefix(older).WithRecord(index);
                Assert.True(plan.TryProve(Log.Root(size), Log.Contents(plan), out var tiles, out _));
                Assert.True(InclusionProof.Verify(
                    InclusionProof.Create(index, older, tiles.Hash), Log.Head(older), index, Log.Hash(0, index)));
            }
        }
    }

    [Fact]
    public void Prove_AnyFlippedByteInAnyTile_IsCaught()
    {
        // 70000 records: three levels of tiles, so that children hang on children (CVE-2026-56865).
        var log = new TestLog(70000, "record");
        var root = log.Root(70000);
        var plan = new TilePlan(70000).WithRecord(40000).WithRecord(3);
        Assert.True(plan.EdgeNodes > plan.EdgeTiles && plan.Tiles.Count > plan.EdgeTiles + 2);
        Assert.True(plan.TryProve(root, log.Contents(plan), out _, out var error), error);
        for (var i = 0; i < plan.Tiles.Count; i++)
        {
            for (var at = 0; at < plan.Tiles[i].ByteLength; at += 31)
            {
                var contents = log.Contents(plan);
                var forged = contents[i].ToArray();
                forged[at] ^= 0x80;
                contents[i] = forged;
                Assert.False(plan.TryProve(root, contents, out _, out error), $"{plan.Tiles[i]} byte {at}");
            }
        }
    }

    [Fact]
    public void Prove_ShortOrMissingTile_IsRefused()
    {
        var plan = new TilePlan(300).WithRecord(5);
        var contents = Log.Contents(plan);
        Assert.False(plan.TryProve(Log.Root(300), contents[..^1], out _, out var error));
        contents[0] = contents[0][..^1];
        Assert.False(plan.TryProve(Log.Root(300), contents, out _, out error));
        Assert.Contains("bytes instead of", error, StringComparison.Ordinal);

    }

    [Theory]
    [InlineData("go.sum database tree\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", true)]
    [InlineData("go.sum database tree\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nmore\nlines\n", true)]
    [InlineData("go.sum database tree\n07\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", false)]
    [InlineData("go.sum database tree\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", false)]
    [InlineData("go.sum database tree\n9223372036854775808\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", false)]
    [InlineData("go.sum database tree\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", false)]
    [InlineData("go.sum database tree\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuA==\n", false)]
    [InlineData("go.sum database tree\n7\nnot base64\n", false)]
    [InlineData("go.sum database tree\n", false)]
    [InlineData("another tree\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", false)]
    public void TreeNote_Text_IsReadExactly(string text, bool valid)
    {
        Assert.Equal(valid, TreeNote.TryParse(text, out var head, out _));
        if (valid)
            Assert.StartsWith(TreeNote.Format(head), text, StringComparison.Ordinal);
    }

    private static Digest Base64(string text) => new(Convert.FromBase64String(text));
}
