using System.Text;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.GoModules.Tests.Notes;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.Tests.ChecksumDatabase;

/// <summary>What a client proves of lookups and tiles.</summary>
public sealed class ChecksumDatabaseClientTests : ClientTests
{
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
}
