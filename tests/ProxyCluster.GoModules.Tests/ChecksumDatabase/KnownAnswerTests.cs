using System.Text;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.GoModules.Tests.Notes;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.Tests.ChecksumDatabase;

public class KnownAnswerTests
{
    [Fact]
    public void SignedTree_ThirteenRealOnes_OpenWithThePinnedKey()
    {
        var vectors = NoteVectors.Root["real_signed_tree_notes"]!.AsArray();
        Assert.Equal(13, vectors.Count);
        foreach (var vector in vectors)
        {
            Assert.True(SignedNote.TryOpen(vector!["note"]!.GetValue<string>(), [NoteVectors.SumGolangOrg], out var note, out var error), error);
            Assert.True(TreeNote.TryParse(note.Text, out var head, out error), error);
            Assert.Equal(vector["size"]!.GetValue<long>(), head.Size);
            Assert.Equal(vector["root"]!.GetValue<string>(), head.Root.ToBase64());
        }
    }

    [Fact]
    public void LookupResponse_SixRealOnes_ComeApartAndTogether()
    {
        var vectors = NoteVectors.Root["real_lookup_responses"]!.AsArray();
        Assert.Equal(6, vectors.Count);
        foreach (var vector in vectors)
        {
            var bytes = Encoding.UTF8.GetBytes(vector!["response"]!.GetValue<string>());
            Assert.True(LookupResponse.TryParse(bytes, out var response, out var error), error);
            Assert.Equal(vector["id"]!.GetValue<long>(), response.RecordId);
            Assert.Equal(vector["record_text"]!.GetValue<string>(), response.RecordText);
            Assert.Equal(vector["record_hash"]!.GetValue<string>(), MerkleHash.OfRecord(Encoding.UTF8.GetBytes(response.RecordText)).ToBase64());
            Assert.Equal(bytes, response.ToBytes());
            Assert.True(SignedNote.TryOpen(response.SignedTree, [NoteVectors.SumGolangOrg], out var note, out error), error);
            Assert.True(TreeNote.TryParse(note.Text, out var head, out error), error);
            Assert.Equal(vector["tree_size"]!.GetValue<long>(), head.Size);
        }
    }

    [Fact]
    public void InMemoryDatabase_KnownRecords_SignsTheKnownTrees()
    {
        var vector = NoteVectors.Root["test_sumdb"]!;
        InMemoryChecksumDatabase database = new(NoteVectors.LocalhostSigner);
        for (var i = 0; i < vector["records"]!.AsArray().Count; i++)
        {
            var record = vector["records"]![i]!.GetValue<string>();
            var words = record.Split(' ');
            Assert.True(ModuleVersion.TryParse(words[0], words[1], out var module, out var error), error);
            Assert.Equal(i, database.Append(module, record));
            Assert.Equal(i, database.Append(module, "again\n"));
            Assert.Equal(vector["record_hashes"]![i]!.GetValue<string>(), MerkleHash.OfRecord(Encoding.UTF8.GetBytes(record)).ToBase64());
            Assert.Equal(vector["signed_tree_notes"]![i]!.GetValue<string>(), database.SignTree());
        }
    }

    [Fact]
    public void SumLines_Record_GivesOnlyTheModulesOwnH1()
    {
        Assert.True(ModuleVersion.TryParse("rsc.io/quote", "v1.5.2", out var module, out _));
        var record = NoteVectors.Root["test_sumdb"]!["records"]![0]!.GetValue<string>();
        Assert.Equal(
            new SumLines("h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=", "h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0="),
            SumLines.In(record, module));
        Assert.Equal(new SumLines("h1:a", null), SumLines.In("rsc.io/quote v1.5.2 h1:a\nrsc.io/quote v1.5.2 h1:a\n", module));
        Assert.True(SumLines.In("rsc.io/quote v1.5.2 h1:a\nrsc.io/quote v1.5.2 h1:b\n", module).AreAbsent);
        Assert.True(SumLines.In("rsc.io/quote v1.5.20 h1:a\nxrsc.io/quote v1.5.2 h1:a\nrsc.io/quote v1.5.2 h2:a\n", module).AreAbsent);
    }

    [Fact]
    public void Proof_AnyPartChanged_DoesNotVerify()
    {
        InMemoryChecksumDatabase database = new(NoteVectors.LocalhostSigner);
        Assert.True(ModuleVersion.TryParse("example.org/a", "v1.0.0", out var first, out _));
        Assert.True(ModuleVersion.TryParse("example.org/b", "v1.0.0", out var second, out _));
        database.Append(first, "h1:a", "h1:am");
        database.Append(second, "h1:b", "h1:bm");
        var record = "example.org/b v1.0.0 h1:b\nexample.org/b v1.0.0/go.mod h1:bm\n";
        var sibling = MerkleHash.OfRecord("example.org/a v1.0.0 h1:a\nexample.org/a v1.0.0/go.mod h1:am\n"u8);
        ChecksumProof proof = new("localhost.localdev/sumdb", 1, record, database.SignTree(), [sibling]);

        Assert.Null(proof.Verify(NoteVectors.Localhost));
        Assert.Equal(new SumLines("h1:b", "h1:bm"), proof.LinesFor(second));
        Assert.True(proof.LinesFor(first).AreAbsent);
        Assert.NotNull(proof.Verify(NoteVectors.Peter));
        Assert.NotNull((proof with { Database = "other" }).Verify(NoteVectors.Localhost));
        Assert.NotNull((proof with { RecordId = 0 }).Verify(NoteVectors.Localhost));
        Assert.NotNull((proof with { RecordId = 2 }).Verify(NoteVectors.Localhost));
        Assert.NotNull((proof with { RecordId = -1 }).Verify(NoteVectors.Localhost));
        Assert.NotNull((proof with { RecordText = record.Replace("h1:b\n", "h1:c\n", StringComparison.Ordinal) }).Verify(NoteVectors.Localhost));
        Assert.NotNull((proof with { RecordText = "" }).Verify(NoteVectors.Localhost));
        Assert.NotNull((proof with { Inclusion = [] }).Verify(NoteVectors.Localhost));
        Assert.NotNull((proof with { SignedTree = proof.SignedTree.Replace("\n2\n", "\n3\n", StringComparison.Ordinal) }).Verify(NoteVectors.Localhost));
    }
}
