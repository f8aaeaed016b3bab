using System.Text;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.GoModules.Tests.Notes;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.Tests.ChecksumDatabase;

/// <summary>What is said of answers and proofs that are none, and what is kept of those that are.</summary>
public sealed class FaultTests : ClientTests
{
    private const string Name = "localhost.localdev/sumdb";

    [Theory]
    [InlineData(ChecksumFailureKind.Unknown, false)]
    [InlineData(ChecksumFailureKind.Unavailable, false)]
    [InlineData(ChecksumFailureKind.Overloaded, false)]
    [InlineData(ChecksumFailureKind.Malformed, false)]
    [InlineData(ChecksumFailureKind.BadSignature, true)]
    [InlineData(ChecksumFailureKind.ForgedTile, true)]
    [InlineData(ChecksumFailureKind.ForgedRecord, true)]
    [InlineData(ChecksumFailureKind.AbsentLine, true)]
    [InlineData(ChecksumFailureKind.Fork, true)]
    [InlineData(ChecksumFailureKind.BadStoredHead, true)]
    public void Failure_ThatOnlyAnAttackExplains_IsASecurityEvent(ChecksumFailureKind kind, bool isOne) =>
        Assert.Equal(isOne, new ChecksumFailure(kind, "").IsSecurityEvent);

    [Fact]
    public async Task Proof_WithALieInAnyField_SaysWhich()
    {
        Fill(_database, 5);
        var proof = (await Found(Module(4))).Proof;
        Assert.Null(proof.Verify(_database.Key));
        Says("the proof is from the checksum database other, not from " + Name, proof with { Database = "other" });
        Says("the proof's signed tree is not valid: ", proof with { SignedTree = proof.SignedTree.Replace("\n5\n", "\n6\n", StringComparison.Ordinal) });
        Says("the proof's signed tree is not valid: the note does not describe a tree", proof with { SignedTree = SignedNote.Sign("a\n", NoteVectors.LocalhostSigner) });
        Says("the proof's record is not a list of lines", proof with { RecordText = "a" });
        Says("the proof is for record 5 and its tree has only 5", proof with { RecordId = 5 });
        Says("the proof is for record -1 and its tree has only 5", proof with { RecordId = -1 });
        Says("the proof does not lead from record 4 to the root of the signed tree of 5 records", proof with { Inclusion = [] });
        Says("the proof does not lead from record 3 to the root of the signed tree of 5 records", proof with { RecordId = 3 });

        void Says(string expected, ChecksumProof lie) => Assert.StartsWith(expected, lie.Verify(_database.Key)!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "the lookup response has not the form of a number, a record, a blank line and a signed tree")]
    [InlineData("5", "the lookup response has not the form of a number, a record, a blank line and a signed tree")]
    [InlineData("5\n\nnote\n", "the lookup response has not the form of a number, a record, a blank line and a signed tree")]
    [InlineData("\nrecord\n\nnote\n", "the lookup response does not begin with a record number")]
    [InlineData("05\nrecord\n\nnote\n", "the lookup response does not begin with a record number")]
    [InlineData("5\nrec\tord\n\nnote\n", "the lookup response has a record with a control character")]
    public void Lookup_ThatIsNone_SaysWhy(string text, string expected)
    {
        Assert.False(LookupResponse.TryParse(Encoding.UTF8.GetBytes(text), out _, out var error));
        Assert.Equal(expected, error);
    }

    [Fact]
    public void Lookup_NotUtf8_SaysSo()
    {
        Assert.False(LookupResponse.TryParse([(byte)'5', (byte)'\n', 0xff, (byte)'\n', (byte)'\n'], out _, out var error));
        Assert.Equal("the lookup response is not UTF-8", error);
    }

    [Theory]
    [InlineData("a\n", true)]
    [InlineData("a\nb\n", true)]
    [InlineData("", false)]
    [InlineData("a", false)]
    [InlineData("\n", false)]
    [InlineData("\na\n", false)]
    [InlineData("a\n\nb\n", false)]
    [InlineData("a\rb\n", false)]
    public void Record_IsLinesWithSomethingInThem(string text, bool isOne) => Assert.Equal(isOne, LookupResponse.IsRecordText(text));

    [Fact]
    public async Task Lookup_ThatFails_NamesTheDatabaseTheModuleAndTheReason()
    {
        Fill(_database, 3);
        Assert.Equal($"{Name} does not know {Module(3)}: not found: {LookupPath(3)}", (await Failed(Module(3))).Message);
        _remote.Change = static (_, _) => RemoteRead.Unavailable("it is away");
        Assert.Equal($"{Name} cannot be asked for {Module(1)}: it is away", (await Failed(Module(1))).Message);
        Assert.Equal($"{Name} cannot be asked for its latest tree: it is away", (await _client.RefreshHeadAsync(Token)).Failure!.Message);
        _remote.Change = static (_, _) => RemoteRead.Found("5\n\nnote\n"u8.ToArray());
        Assert.StartsWith($"{Name} answered for {Module(1)}: the lookup response", (await Failed(Module(1))).Message, StringComparison.Ordinal);
        _remote.Change = static (_, _) => RemoteRead.Found(new byte[] { 0xff });
        Assert.Equal($"the latest tree of {Name} is not UTF-8", (await _client.RefreshHeadAsync(Token)).Failure!.Message);
        _remote.Change = static (_, _) => RemoteRead.Found(Encoding.UTF8.GetBytes(SignedNote.Sign("a\n", NoteVectors.LocalhostSigner)));
        Assert.StartsWith($"the signed note of {Name} is no tree: ", (await _client.RefreshHeadAsync(Token)).Failure!.Message, StringComparison.Ordinal);
        _remote.Change = (path, read) => path == LookupPath(1) ? Lookup(3, Record(1), _database.SignTree()) : read;
        Assert.Equal($"{Name} gives {Module(1)} the record number 3 in a tree of 3", (await Failed(Module(1))).Message);
        _remote.Change = (path, read) => path == LookupPath(1) ? Lookup(2, Record(1), _database.SignTree()) : read;
        Assert.Equal($"{Name} gives {Module(1)} a record that its signed tree does not have under number 2", (await Failed(Module(1))).Message);
        _remote.Change = (path, read) => path == LookupPath(1) ? Lookup(2, Record(2), _database.SignTree()) : read;
        Assert.Equal($"{Name} answered for {Module(1)} with record 2, which has no hash of it", (await Failed(Module(1))).Message);
    }

    [Fact]
    public async Task Answer_SaysWhetherItWasKept()
    {
        Fill(_database, 300);
        Assert.False((await Found(Module(3))).FromCache);
        Assert.True((await Found(Module(3))).FromCache);
        Restart();
        Assert.True((await Found(Module(3))).FromCache);
        foreach (var tile in (Tile[])[new(0, 1, 44), new(Tile.DataLevel, 1, 44)])
        {
            Restart();
            foreach (var isKept in (bool[])[tile.Level == 0, true])
                Assert.Equal(isKept, (await _client.ReadTileAsync(tile, Token)).TryGet(out var read, out _) && read.FromCache);
        }

        Assert.Equal($"the tree of {Name} has no tile/8/0/001.p/45", (await _client.ReadTileAsync(new(0, 1, 45), Token)).Failure!.Message);
    }

    [Fact]
    public async Task Cache_KeepsTheWiderTileAndTheHeadThatWasNotReplaced()
    {
        var (wide, narrow) = (new Tile(0, 0, 3), new Tile(0, 0, 1));
        var bytes = Enumerable.Range(0, wide.ByteLength).Select(static i => (byte)i).ToArray();
        await _cache.WriteTileAsync(wide, bytes, Token);
        await _cache.WriteTileAsync(narrow, bytes.AsMemory(0, narrow.ByteLength), Token);
        Assert.Equal(bytes, await _cache.ReadTileAsync(wide, Token));
        await _cache.WriteTileAsync(narrow, new byte[narrow.ByteLength], Token);
        Assert.Equal(new byte[narrow.ByteLength], await _cache.ReadTileAsync(narrow, Token));
        Assert.False(await _cache.ReplaceLatestAsync("a", "b", Token));
        Assert.True(await _cache.ReplaceLatestAsync(null, "c", Token));
        Assert.False(await _cache.ReplaceLatestAsync(null, "d", Token));
        Assert.Equal("c", await _cache.ReadLatestAsync(Token));
    }
}
