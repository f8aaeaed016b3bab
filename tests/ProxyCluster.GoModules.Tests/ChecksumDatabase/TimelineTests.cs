using System.Text;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Tests.Notes;

namespace ProxyCluster.GoModules.Tests.ChecksumDatabase;

/// <summary>The one timeline of a database: trees that grow, fork, or are remembered wrongly.</summary>
public sealed class TimelineTests : ClientTests
{
    [Fact]
    public async Task Lookup_GrowingDatabase_StaysOnOneTimelineAndServesOldOnesOffline()
    {
        foreach (var size in (int[])[1, 2, 255, 256, 257, 600, 1500])
        {
            Fill(_database, size);
            await Found(Module(size - 1));
        }

        _remote.Change = static (_, _) => RemoteRead.Unavailable("cable cut");
        Restart();
        foreach (var size in (int[])[1, 2, 255, 256, 257, 600, 1500])
            Assert.Null((await Found(Module(size - 1))).Proof.Verify(_database.Key));
        Assert.DoesNotContain(_remote.Paths, path => path.EndsWith(".p/0", StringComparison.Ordinal));
        Assert.Equal(ChecksumFailureKind.Unavailable, (await Failed(Module(7))).Kind);
    }

    [Fact]
    public async Task Lookup_SmallerConsistentTree_IsFineAndTheHeadStays()
    {
        Fill(_database, 300);
        var old = (await _database.ReadAsync(LookupPath(5), Token)).Body;
        Fill(_database, 900);
        await Found(Module(800));
        _remote.Change = (path, read) => path == LookupPath(5) ? RemoteRead.Found(old) : read;
        var lookup = await Found(Module(5));
        Assert.Contains("\n300\n", lookup.Proof.SignedTree, StringComparison.Ordinal);
        Assert.Null(lookup.Proof.Verify(_database.Key));
        Assert.Equal(900, await HeadSize());
    }

    [Fact]
    public async Task Lookup_KnownFork_IsCaughtInBothDirectionsWithBothNotes()
    {
        var fork = NoteVectors.Root["test_sumdb"]!["fork"]!;
        var a = KnownDatabase(fork["A_extra"]!.AsArray()[0]!.GetValue<string>());
        var b = KnownDatabase([.. fork["B_extra"]!.AsArray().Select(record => record!.GetValue<string>())]);
        Assert.Equal(fork["A_size5_note"]!.GetValue<string>(), a.SignTree());
        Assert.Equal(fork["B_size6_note"]!.GetValue<string>(), b.SignTree());
        Assert.Equal(fork["B_root_of_first_5"]!.GetValue<string>(), b.RootOf(5).ToBase64());

        // Older first, then newer from the other branch: the head survives a restart.
        var sampler = Parse("rsc.io/sampler", "v1.3.0");
        _remote.Genuine = a;
        await Found(sampler);
        Restart();
        _remote.Genuine = b;
        var failure = await Failed(Parse("rsc.io/pkg1", "v1.5.3"));
        Assert.Equal(ChecksumFailureKind.Fork, failure.Kind);
        Assert.Equal(new ForkEvidence(a.SignTree(), b.SignTree()), failure.Fork);
        Assert.Equal(5, await HeadSize());

        // Newer first, then older from the other branch.
        using ChecksumDatabaseClient second = new(a.Key, _remote, new MemoryChecksumDatabaseCache());
        Assert.Null((await second.LookupAsync(sampler, Token)).Failure);
        _remote.Genuine = a;
        failure = (await second.LookupAsync(Parse("rsc.io/pkg1", "v1.5.2"), Token)).Failure;
        Assert.Equal(ChecksumFailureKind.Fork, failure?.Kind);
        Assert.Equal(new ForkEvidence(b.SignTree(), a.SignTree()), failure?.Fork);
    }

    [Fact]
    public async Task Lookup_ForkOfTheSameSize_NeedsNoTiles()
    {
        Fill(_database, 20);
        await Found(Module(3));
        InMemoryChecksumDatabase other = new(NoteVectors.LocalhostSigner);
        other.Append(Parse("example.org/other", "v1.0.0"), "example.org/other v1.0.0 h1:x=\n");
        Fill(other, 19);
        _remote.Genuine = other;
        _remote.Paths.Clear();
        Assert.Equal(ChecksumFailureKind.Fork, (await Failed(Module(4))).Kind);
        Assert.Equal([LookupPath(4)], _remote.Paths);
    }

    [Fact]
    public async Task Lookup_DamagedStoredHeadAndNothingElseLeft_FailsClosedUntilItIsReplaced()
    {
        Fill(_database, 5);
        await _cache.ReplaceLatestAsync(null, "go.sum database tree\n", Token);
        Assert.Equal(ChecksumFailureKind.BadStoredHead, (await Failed(Module(3))).Kind);
        Assert.Equal(ChecksumFailureKind.BadStoredHead, (await Failed(Module(4))).Kind);
        Assert.Equal("go.sum database tree\n", await _cache.ReadLatestAsync(Token));
        Assert.Empty(_healed);

        // An operator puts a good one back.
        await _cache.ReplaceLatestAsync("go.sum database tree\n", Encoding.UTF8.GetString((await _database.ReadAsync("latest", Token)).Body.Span), Token);
        await Found(Module(3));
    }

    public static TheoryData<string> DamagedHeads => new("", "go.sum database tree\n5\n", "\ufffd\u001b");

    [Theory]
    [MemberData(nameof(DamagedHeads))]
    public async Task Lookup_DamagedHeadAndLookupsLeft_GoesOnFromTheNewestTreeOfThem(string damaged)
    {
        var newest = await FilledWithLookupsAsync();
        await _cache.WriteLookupAsync(Module(599), "damaged"u8.ToArray(), Token);
        Assert.True(await _cache.ReplaceLatestAsync(newest, damaged, Token));
        Restart();

        Fill(_database, 700);
        await Found(Module(650));

        Assert.Equal(700, await HeadSize());
        var healed = Assert.Single(_healed);
        Assert.Equal((damaged, newest), (healed.Damaged, healed.Taken.Note));
    }

    // What forks are measured against is not forgotten with the head.
    [Theory]
    [MemberData(nameof(DamagedHeads))]
    public async Task Lookup_DamagedHeadAndAForkedDatabase_IsAFork(string damaged)
    {
        var newest = await FilledWithLookupsAsync();
        Assert.True(await _cache.ReplaceLatestAsync(newest, damaged, Token));
        Restart();

        var forked = new InMemoryChecksumDatabase(NoteVectors.LocalhostSigner);
        for (var i = 0; i < 700; i++)
            forked.Append(Module(i), Record(i == 300 ? 1300 : i));
        _remote.Change = (path, _) => forked.ReadAsync(path, Token).AsTask().Result;

        var failure = await Failed(Module(650));
        Assert.Equal(ChecksumFailureKind.Fork, failure.Kind);
        Assert.Equal(newest, failure.Fork!.Known);
        Assert.Equal(newest, await _cache.ReadLatestAsync(Token));
    }

    private async Task<string> FilledWithLookupsAsync()
    {
        foreach (var (size, wanted) in ((int, int)[])[(10, 9), (600, 599), (600, 499)])
        {
            Fill(_database, size);
            await Found(Module(wanted));
        }

        return (await _cache.ReadLatestAsync(Token))!;
    }

    [Fact]
    public async Task RefreshHead_SmallerAnswer_KeepsTheLargerOne()
    {
        Fill(_database, 10);
        var small = _database.SignTree();
        Fill(_database, 300);
        Assert.True((await _client.RefreshHeadAsync(Token)).TryGet(out var head, out _));
        Assert.Equal(300, head.Tree.Size);
        _remote.Change = (path, read) => path == "latest" ? RemoteRead.Found(Encoding.UTF8.GetBytes(small)) : read;
        Assert.True((await _client.RefreshHeadAsync(Token)).TryGet(out head, out _));
        Assert.Equal(300, head.Tree.Size);
    }
}
