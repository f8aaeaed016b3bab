using System.Globalization;
using System.Text;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.GoModules.Tests.Notes;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.Tests.ChecksumDatabase;

public sealed class ChecksumDatabaseClientTests : IDisposable
{
    private readonly InMemoryChecksumDatabase _database = new(NoteVectors.LocalhostSigner);
    private readonly MemoryChecksumDatabaseCache _cache = new();
    private readonly List<HealedHead> _healed = [];
    private readonly HostileRemote _remote;
    private ChecksumDatabaseClient _client;

    public ChecksumDatabaseClientTests()
    {
        _remote = new HostileRemote(_database);
        _client = Client();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _client.Dispose();

    [Theory]
    [InlineData(1, 0)]
    [InlineData(255, 254)]
    [InlineData(256, 0)]
    [InlineData(257, 256)]
    [InlineData(700, 3)]
    [InlineData(700, 300)]
    [InlineData(70000, 40000)]
    public async Task Lookup_GenuineRecord_IsProvenAndVerbatim(int size, int wanted)
    {
        Fill(_database, size);
        var lookup = await Found(Module(wanted));
        Assert.Equal(new SumLines(H1(wanted, "zip"), H1(wanted, "mod")), lookup.Lines);
        Assert.Equal((await _database.ReadAsync(LookupPath(wanted), Token)).Body, lookup.Response, (a, b) => a.Span.SequenceEqual(b.Span));
        Assert.Null(lookup.Proof.Verify(_database.Key));
        Assert.Equal(lookup.Lines, lookup.Proof.LinesFor(Module(wanted)));
        Assert.DoesNotContain("latest", _remote.Paths);
    }

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

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Lookup_ForgedTileAtAnyLevel_IsCaughtAndNothingIsKept(int at)
    {
        Fill(_database, 70000);
        var plan = new TilePlan(70000).WithRecord(40000);
        var victim = plan.Tiles[^(1 + at)].ToString();
        _remote.Change = (path, read) => path == victim ? HostileRemote.Flip(read, 77) : read;
        var failure = await Failed(Module(40000));
        Assert.Equal(ChecksumFailureKind.ForgedTile, failure.Kind);
        Assert.True(failure.IsSecurityEvent);
        Assert.Equal(0, await HeadSize());
        foreach (var tile in plan.Tiles)
            Assert.Null(await _cache.ReadTileAsync(tile, Token));
        Assert.Null(await _cache.ReadLookupAsync(Module(40000), Token));

        _remote.Change = static (_, read) => read;
        await Found(Module(40000));
    }

    [Fact]
    public async Task Lookup_ForgedRecordWithForgedLeafTile_IsCaughtAtTheParent()
    {
        // CVE-2026-56865: record and leaf tile agree with each other; only the parent tile knows better.
        Fill(_database, 70000);
        var (id, forged) = (40000, $"{Module(40000).Path} {Module(40000).Version} h1:evil\n");
        var leafTile = new Tile(0, id >> 8, 256).ToString();
        _remote.Change = (path, read) =>
        {
            if (path == LookupPath(id))
                return Lookup(id, forged, _database.SignTree());
            if (path != leafTile)
                return read;
            var bytes = read.Body.ToArray();
            MerkleHash.OfRecord(Encoding.UTF8.GetBytes(forged)).CopyTo(bytes.AsSpan((id & 255) * Digest.Size));
            return RemoteRead.Found(bytes);
        };
        Assert.Equal(ChecksumFailureKind.ForgedTile, (await Failed(Module(id))).Kind);
    }

    [Fact]
    public async Task Lookup_ThatLiesAboutTheHash_IsForged()
    {
        Fill(_database, 300);
        _remote.Change = (path, read) => path == LookupPath(9)
            ? Lookup(9, $"{Module(9).Path} {Module(9).Version} h1:evil\n", _database.SignTree())
            : read;
        Assert.Equal(ChecksumFailureKind.ForgedRecord, (await Failed(Module(9))).Kind);
    }

    [Fact]
    public async Task Lookup_AnsweredWithAnotherModulesRecord_HasNoLine()
    {
        Fill(_database, 300);
        _remote.Change = (path, read) => path == LookupPath(9) ? _database.ReadAsync(LookupPath(10), default).AsTask().Result : read;
        var failure = await Failed(Module(9));
        Assert.Equal(ChecksumFailureKind.AbsentLine, failure.Kind);
        Assert.True(failure.IsSecurityEvent);
        Assert.Null(await _cache.ReadLookupAsync(Module(9), Token));
    }

    [Fact]
    public async Task Lookup_LinesInTheNoteExtension_ProveNothing()
    {
        // CVE-2026-56864: the extension is signed over, but by its form it is no record.
        _database.Append(Module(0), "example.org/other v1.0.0 h1:other=\n");
        var tree = new TreeHead(1, _database.RootOf(1));
        var note = SignedNote.Sign(
            TreeNote.Format(tree) + $"{Module(0).Path} {Module(0).Version} h1:evil=\n", NoteVectors.LocalhostSigner);
        _remote.Change = (path, read) => path == LookupPath(0) ? Lookup(0, "example.org/other v1.0.0 h1:other=\n", note) : read;
        Assert.Equal(ChecksumFailureKind.AbsentLine, (await Failed(Module(0))).Kind);
    }

    [Fact]
    public async Task Lookup_NoteByAnotherKey_IsRefused()
    {
        Fill(_database, 10);
        InMemoryChecksumDatabase other = new(NoteVectors.PeterSigner);
        Fill(other, 10);
        _remote.Genuine = other;
        Assert.Equal(ChecksumFailureKind.BadSignature, (await Failed(Module(3))).Kind);

        // The right name over the wrong key.
        InMemoryChecksumDatabase thief = new(SignerKey.Generate("localhost.localdev/sumdb"));
        Fill(thief, 10);
        _remote.Genuine = thief;
        Assert.Equal(ChecksumFailureKind.BadSignature, (await Failed(Module(3))).Kind);
    }

    [Fact]
    public async Task Lookup_NumberOutsideTheTree_IsRefused()
    {
        Fill(_database, 10);
        _remote.Change = (path, read) => path == LookupPath(3) ? Lookup(10, "a b c\n", _database.SignTree()) : read;
        Assert.Equal(ChecksumFailureKind.ForgedRecord, (await Failed(Module(3))).Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>sign in</html>")]
    [InlineData("5\n\ngo.sum database tree\n")]
    [InlineData("05\nrecord\n\nnote\n")]
    [InlineData("-5\nrecord\n\nnote\n")]
    [InlineData("5\nrec\tord\n\nnote\n")]
    public async Task Lookup_MalformedAnswer_IsRefused(string body)
    {
        _remote.Change = (_, _) => RemoteRead.Found(Encoding.UTF8.GetBytes(body));
        Assert.Equal(ChecksumFailureKind.Malformed, (await Failed(Module(3))).Kind);
    }

    [Fact]
    public async Task Lookup_TruncatedTile_IsMalformed()
    {
        Fill(_database, 300);
        _remote.Change = static (path, read) => path.StartsWith("tile/", StringComparison.Ordinal)
            ? RemoteRead.Found(new byte[Math.Max(read.Body.Length, 32) - 1])
            : read;
        Assert.Equal(ChecksumFailureKind.Malformed, (await Failed(Module(3))).Kind);
    }

    [Fact]
    public async Task Lookup_PartialTileGone_UsesTheFullOne()
    {
        Fill(_database, 300);
        var old = (await _database.ReadAsync(LookupPath(299), Token)).Body;
        Fill(_database, 600);
        _remote.Change = (path, read) => path == LookupPath(299)
            ? RemoteRead.Found(old)
            : path.Contains(".p/", StringComparison.Ordinal) && !path.StartsWith("tile/8/1/", StringComparison.Ordinal)
                ? RemoteRead.NotFound("gone")
                : read;
        await Found(Module(299));
        Assert.Contains("tile/8/0/001", _remote.Paths);
    }

    [Fact]
    public async Task Lookup_UnknownModule_IsUnknownAndNotCached()
    {
        Fill(_database, 3);
        Assert.Equal(ChecksumFailureKind.Unknown, (await Failed(Module(3))).Kind);
        Fill(_database, 4);
        await Found(Module(3));
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
    public async Task Lookup_DamagedCache_IsReadAgainAndMended()
    {
        Fill(_database, 700);
        await Found(Module(3));
        var tile = new Tile(0, 0, 256);
        var good = (await _cache.ReadTileAsync(tile, Token))!;
        var bad = (byte[])good.Clone();
        bad[100] ^= 4;
        await _cache.WriteTileAsync(tile, bad, Token);
        await _cache.WriteLookupAsync(Module(3), "damaged"u8.ToArray(), Token);
        Restart();
        await Found(Module(3));
        Assert.Equal(good, (await _cache.ReadTileAsync(tile, Token))!);
        Assert.NotEqual("damaged"u8.ToArray(), (await _cache.ReadLookupAsync(Module(3), Token))!);
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
    public async Task Lookup_ManyAtOnce_ShareReadsOfTheSameThing()
    {
        Fill(_database, 600);
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _remote.Gate = gate.Task;
        var lookups = Enumerable.Range(0, 200).Select(i => _client.LookupAsync(Module(i % 4), Token)).ToArray();
        using CancellationTokenSource impatient = new();
        var leaves = _client.LookupAsync(Module(0), impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        gate.SetResult();
        foreach (var result in await Task.WhenAll(lookups))
            Assert.Null(result.Failure);
        Assert.Equal(4, _remote.Paths.Count(path => path.StartsWith("lookup/", StringComparison.Ordinal)));
        Assert.Equal(600, await HeadSize());
    }

    [Fact]
    public async Task Lookup_ManyWhileTheDatabaseGrows_AllProve()
    {
        Fill(_database, 10);
        var next = 10;
        await Parallel.ForAsync(0, 300, Token, async (i, token) =>
        {
            if (i % 3 == 0)
                Fill(_database, Interlocked.Add(ref next, 7));
            Assert.Null((await _client.LookupAsync(Module(i % 10), token)).Failure);
        });
        Assert.True(await HeadSize() >= 10);
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

    [Fact]
    public async Task ReadTile_AnyTileOfTheTree_EqualsTheDatabases()
    {
        Fill(_database, 1000);
        await _client.RefreshHeadAsync(Token);
        foreach (var path in (string[])["tile/8/0/000", "tile/8/0/001.p/7", "tile/8/0/003.p/232", "tile/8/1/000.p/3", "tile/8/1/000.p/1", "tile/8/data/000", "tile/8/data/003.p/232", "tile/8/data/002.p/9"])
        {
            Assert.True(Tile.TryParse(path, out var tile));
            Assert.True((await _client.ReadTileAsync(tile, Token)).TryGet(out var bytes, out var failure), failure?.Message);
            Assert.Equal((await _database.ReadAsync(path, Token)).Body.ToArray(), bytes.Bytes.ToArray());
        }

        Assert.Equal(ChecksumFailureKind.Unknown, (await _client.ReadTileAsync(new Tile(0, 3, 233), Token)).Failure?.Kind);
        Assert.Equal(ChecksumFailureKind.Unknown, (await _client.ReadTileAsync(new Tile(63, 0, 1), Token)).Failure?.Kind);
    }

    [Fact]
    public async Task ReadTile_ForgedData_IsRefused()
    {
        Fill(_database, 300);
        await _client.RefreshHeadAsync(Token);
        _remote.Change = (path, read) => path.StartsWith("tile/8/data", StringComparison.Ordinal) ? HostileRemote.Flip(read, 50) : read;
        Assert.Equal(ChecksumFailureKind.ForgedRecord, (await _client.ReadTileAsync(new Tile(-1, 0, 256), Token)).Failure?.Kind);
        Assert.Null(await _cache.ReadTileAsync(new Tile(-1, 0, 256), Token));
    }

    [Fact]
    public async Task ReadTile_DataWithNumbersLikeGosServer_IsProvenToo()
    {
        Fill(_database, 3);
        await _client.RefreshHeadAsync(Token);
        var numbered = "0\n" + Record(0) + "\n1\n" + Record(1) + "\n2\n" + Record(2) + "\n";
        _remote.Change = (_, _) => RemoteRead.Found(Encoding.UTF8.GetBytes(numbered));
        Assert.True((await _client.ReadTileAsync(new Tile(-1, 0, 3), Token)).TryGet(out var bytes, out _));
        Assert.Equal(numbered, Encoding.UTF8.GetString(bytes.Bytes.Span));
    }

    private ChecksumDatabaseClient Client() => new(_database.Key, _remote, _cache, _healed.Add);

    private void Restart()
    {
        _client.Dispose();
        _client = Client();
    }

    private async Task<ChecksumLookup> Found(ModuleVersion module)
    {
        Assert.True((await _client.LookupAsync(module, Token)).TryGet(out var lookup, out var failure), failure?.ToString());
        return lookup;
    }

    private async Task<ChecksumFailure> Failed(ModuleVersion module)
    {
        Assert.False((await _client.LookupAsync(module, Token)).TryGet(out _, out var failure));
        return failure;
    }

    private async Task<long> HeadSize()
    {
        Assert.True((await _client.KnownHeadAsync(Token)).TryGet(out var head, out _));
        return head.Tree.Size;
    }

    private static InMemoryChecksumDatabase KnownDatabase(params string[] extra)
    {
        InMemoryChecksumDatabase database = new(NoteVectors.LocalhostSigner);
        foreach (var record in NoteVectors.Root["test_sumdb"]!["records"]!.AsArray().Select(node => node!.GetValue<string>()).Concat(extra))
        {
            var words = record.Split(' ');
            database.Append(Parse(words[0], words[1]), record);
        }

        return database;
    }

    private static void Fill(InMemoryChecksumDatabase database, int size)
    {
        for (var i = 0; i < size; i++)
            database.Append(Module(i), Record(i));
    }

    private static string Record(int i) =>
        $"{Module(i).Path} {Module(i).Version} {H1(i, "zip")}\n{Module(i).Path} {Module(i).Version}/go.mod {H1(i, "mod")}\n";

    private static RemoteRead Lookup(long id, string record, string note) =>
        RemoteRead.Found(new LookupResponse(id, record, note).ToBytes());

    private static ModuleVersion Module(int i) => Parse("example.org/Mod", string.Create(CultureInfo.InvariantCulture, $"v1.{i}.0-RC1"));

    private static string LookupPath(int i) => string.Create(CultureInfo.InvariantCulture, $"lookup/example.org/!mod@v1.{i}.0-!r!c1");

    private static string H1(int i, string of) =>
        "h1:" + Digest.Of(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{of} {i}"))).ToBase64();

    private static ModuleVersion Parse(string path, string version) =>
        ModuleVersion.TryParse(path, version, out var module, out var error) ? module : throw new ArgumentException(error);
}
