using ProxyCluster.GoModules.Notes;
using ProxyCluster.Outcomes;
using ProxyCluster.TestKit;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Verification;

public sealed class ChecksumDatabaseMirrorTests : IAsyncLifetime
{
    private const string Name = "sumdb.test/go/";

    private readonly string _data = Directory.CreateTempSubdirectory("mirror").FullName;
    private readonly ManualTimeProvider _clock = new();
    private DatabaseServer _server = null!;
    private VerificationRoom _room = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await DatabaseServer.StartAsync();
        _room = Room();
    }

    public async ValueTask DisposeAsync()
    {
        _room.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Answer_EveryKindOfPath_IsByteIdenticalAndServedOfflineAfterwards()
    {
        _server.Fill(600);
        string[] paths = [DatabaseServer.LookupPath(7), "latest", "tile/8/0/000", "tile/8/0/002.p/88", "tile/8/0/002.p/5", "tile/8/1/000.p/2", "tile/8/data/001", "tile/8/data/002.p/88"];
        Dictionary<string, byte[]> expected = [];
        foreach (var path in paths)
            expected[path] = await _server.BytesAsync(path);
        foreach (var path in paths)
            Assert.Equal(expected[path], (await Found(path)).Body.ToArray());

        Down();
        _room.Dispose();
        _room = Room();
        foreach (var path in paths)
        {
            var answer = await Found(path);
            Assert.Equal(expected[path], answer.Body.ToArray());
            Assert.True(answer.FromCache);
        }

        Assert.Equal(FailureKind.ChecksumDatabaseUnavailable, await Failed(DatabaseServer.LookupPath(8)));
    }

    [Theory]
    [InlineData("tile/8/0")]
    [InlineData("tile/8/data")]
    public async Task Answer_EveryWidthOfAFullTile_IsCutFromTheOneThatIsKept(string level)
    {
        _server.Fill(300);
        await Found("latest");
        for (var width = 1; width < 256; width++)
        {
            var path = $"{level}/000.p/{width}";
            Assert.Equal(await _server.BytesAsync(path), (await Found(path)).Body.ToArray());
        }

        Assert.Equal(["000"], Directory.GetFileSystemEntries(Path.Combine([_data, "sumdb", Uri.EscapeDataString(Name[..^1]), .. level.Split('/')]), "000*").Select(Path.GetFileName));
        Assert.Equal([$"{level}/000"], _server.Paths.Where(asked => asked.StartsWith($"{level}/000", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("tile/8/0")]
    [InlineData("tile/8/data")]
    public async Task Answer_TileThatGrows_IsKeptOnceAndItsBeginningsAreServedFromIt(string level)
    {
        Dictionary<string, byte[]> expected = [];
        foreach (var size in (int[])[10, 11, 100, 255, 256])
        {
            _server.Fill(size);
            _clock.Advance(TimeSpan.FromHours(1));
            await Found("latest");
            var path = size == 256 ? $"{level}/000" : $"{level}/000.p/{size}";
            expected[path] = await _server.BytesAsync(path);
            Assert.Equal(expected[path], (await Found(path)).Body.ToArray());
        }

        Down();
        foreach (var (path, bytes) in expected)
            Assert.Equal(bytes, (await Found(path)).Body.ToArray());
        Assert.Equal(["000"], Directory.GetFileSystemEntries(Path.Combine([_data, "sumdb", Uri.EscapeDataString(Name[..^1]), .. level.Split('/')]), "000*").Select(Path.GetFileName));
    }

    /// <summary>A kept tile is not proven again when it is served, so what its disk did to it must show by itself.</summary>
    [Theory]
    [InlineData("tile/8/0/000")]
    [InlineData("tile/8/data/000")]
    public async Task Answer_KeptBytesOfTheRightLengthAreDamaged_AreReadAgain(string path)
    {
        _server.Fill(600);
        var genuine = await _server.BytesAsync(path);
        await Found(path);
        var file = Path.Combine([_data, "sumdb", "sumdb.test%2Fgo", .. path.Split('/')]);
        var kept = await File.ReadAllBytesAsync(file, Token);
        kept[7] ^= 1;
        await File.WriteAllBytesAsync(file, kept, Token);
        Assert.Equal(genuine, (await Found(path)).Body.ToArray());
    }

    [Theory]
    [InlineData("tile/8/0/002")]
    [InlineData("tile/8/data/002")]
    public async Task Answer_TileThatGrew_IsWholeAndItsBeginningStays(string tile)
    {
        _server.Fill(600);
        var narrow = await _server.BytesAsync(tile + ".p/88");
        Assert.Equal(narrow, (await Found(tile + ".p/88")).Body.ToArray());
        _server.Fill(800);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await Found("latest");
        Assert.Equal(await _server.BytesAsync(tile), (await Found(tile)).Body.ToArray());
        Assert.Equal(narrow, (await Found(tile + ".p/88")).Body.ToArray());
    }

    [Fact]
    public async Task Answer_HeadersFollowWhatCanChange()
    {
        _server.Fill(600);
        TimeSpan minute = TimeSpan.FromMinutes(1), day = TimeSpan.FromDays(1), year = TimeSpan.FromDays(365);
        Assert.Equal(("text/plain; charset=UTF-8", false, minute), Shape(await Found("latest")));
        Assert.Equal(("text/plain; charset=UTF-8", false, day), Shape(await Found(DatabaseServer.LookupPath(1))));
        Assert.Equal(("application/octet-stream", true, year), Shape(await Found("tile/8/0/001")));
        Assert.Equal(("application/octet-stream", false, day), Shape(await Found("tile/8/0/002.p/1")));
        Assert.Equal(("text/plain; charset=UTF-8", true, year), Shape(await Found("tile/8/data/000")));
        Assert.Equal(("text/plain; charset=UTF-8", false, minute), Shape(await Found("supported")));
        Assert.True((await Found("supported")) is { Body.IsEmpty: true, FromCache: true });

        static (string, bool, TimeSpan) Shape(MirrorAnswer answer) => (answer.ContentType, answer.IsImmutable, answer.MaxAge);
    }

    [Theory]
    [InlineData("lookup/example.org/mod", FailureKind.BadRequest)]
    [InlineData("lookup/example.org/mod@latest", FailureKind.BadRequest)]
    [InlineData("lookup/example.org/Mod@v1.0.0", FailureKind.BadRequest)]
    [InlineData("lookup/example.org/mod@v1.0.0/go.mod", FailureKind.BadRequest)]
    [InlineData("lookup/../secret@v1.0.0", FailureKind.BadRequest)]
    [InlineData("lookup/example.org/mod@v1.0.0-Rc1", FailureKind.BadRequest)]
    [InlineData("lookup/example.org/mod@v2.0.0", FailureKind.NotFound)]
    [InlineData("lookup/example.org/mod@v1.0.0", FailureKind.NotFound)]
    [InlineData("tile/8/0/0", FailureKind.BadRequest)]
    [InlineData("tile/8/0/000.p/256", FailureKind.BadRequest)]
    [InlineData("tile/9/0/000", FailureKind.BadRequest)]
    [InlineData("tile/8/0/999", FailureKind.NotFound)]
    [InlineData("tile/8/63/000", FailureKind.NotFound)]
    [InlineData("nothing", FailureKind.NotFound)]
    [InlineData("", FailureKind.NotFound)]
    public async Task Answer_BadOrAbsentPath_HasItsFailure(string path, FailureKind kind)
    {
        _server.Fill(10);
        var failure = (await _room.Mirror.AnswerAsync(Name + path, false, Token)).Failure!;
        Assert.Equal(kind, failure.Kind);
        Assert.StartsWith(kind == FailureKind.NotFound ? "not found: " : "bad request: ", failure.Message, StringComparison.Ordinal);
        Assert.NotEqual(' ', failure.Message[^1]);
    }

    [Theory]
    [InlineData("sum.golang.org/latest")]
    [InlineData("sumdb.test/latest")]
    [InlineData("sumdb.test/gone/latest")]
    [InlineData("sumdb.test/go")]
    [InlineData("")]
    public async Task Answer_NameThatIsNotConfigured_IsNotFound(string path)
    {
        var failure = (await _room.Mirror.AnswerAsync(path, false, Token)).Failure!;
        Assert.Equal(FailureKind.NotFound, failure.Kind);
        Assert.Contains("no such checksum database", failure.Message, StringComparison.Ordinal);
        Assert.Empty(_server.Paths);
    }

    [Fact]
    public async Task Answer_NameThatBeginsWithAnothersName_IsTheLongerOne()
    {
        await using var shorter = await DatabaseServer.StartAsync();
        shorter.Database = new(SignerKey.FromSeed("sumdb.test", new byte[32]));
        _server.Fill(10);
        shorter.Fill(20);
        _room.Dispose();
        _room = Room(options => options.Mirrored = [shorter.Setting]);
        Assert.Equal(await _server.BytesAsync("latest"), (await Found("latest")).Body.ToArray());
        Assert.True((await _room.Mirror.AnswerAsync("sumdb.test/latest", false, Token)).TryGet(out var answer, out _));
        Assert.Equal(await shorter.BytesAsync("latest"), answer.Body.ToArray());
    }

    [Theory]
    [InlineData("latest")]
    [InlineData("lookup/example.org/!mod@v1.7.0")]
    [InlineData("tile/8/0/000")]
    [InlineData("tile/8/data/000")]
    public async Task Answer_FromTheCacheOnly_AsksNobodyAndGivesWhatIsKept(string path)
    {
        _server.Fill(300);
        var failure = (await _room.Mirror.AnswerAsync(Name + path, true, Token)).Failure;
        Assert.Equal(FailureKind.NotCached, failure?.Kind);
        Assert.StartsWith("not found: this part of sumdb.test/go", failure!.Message, StringComparison.Ordinal);
        Assert.Empty(_server.Paths);

        var kept = await Found(path);
        var asked = _server.Paths.Count;
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.True((await _room.Mirror.AnswerAsync(Name + path, true, Token)).TryGet(out var answer, out _));
        Assert.Equal(kept.Body.ToArray(), answer.Body.ToArray());
        Assert.True(answer.FromCache);
        Assert.Equal(asked, _server.Paths.Count);
    }

    [Theory]
    [InlineData("latest")]
    [InlineData("lookup/example.org/!mod@v1.7.0")]
    public async Task Answer_HeadCannotBeKept_IsAFailureOfTheStore(string path)
    {
        _server.Fill(10);
        Directory.CreateDirectory(Path.Combine(_data, "sumdb", "sumdb.test%2Fgo", "latest"));
        var failure = (await _room.Mirror.AnswerAsync(Name + path, false, Token)).Failure;
        Assert.Equal(FailureKind.StoreUnavailable, failure?.Kind);
        Assert.Contains("the tree head of sumdb.test/go could not be kept", failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Latest_IsAskedForOncePerAgeAndNeverGoesBack()
    {
        _server.Fill(10);
        var ten = await _server.BytesAsync("latest");
        await IsLatest(ten, fromCache: false);
        _server.Fill(20);
        var twenty = await _server.BytesAsync("latest");
        await IsLatest(ten, fromCache: true);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await IsLatest(twenty, fromCache: false);

        _server.Instead = async (context, path) =>
        {
            if (path != "latest")
                return false;
            await context.Response.Body.WriteAsync(ten);
            return true;
        };
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(twenty, (await Found("latest")).Body.ToArray());
        Assert.Equal(3, _server.Paths.Count(path => path == "latest"));

        async Task IsLatest(byte[] note, bool fromCache)
        {
            var answer = await Found("latest");
            Assert.Equal(note, answer.Body.ToArray());
            Assert.Equal(fromCache, answer.FromCache);
        }
    }

    [Fact]
    public async Task Latest_DatabaseDown_IsTheKnownTreeAndSaidToBeKept()
    {
        _server.Fill(10);
        await Found("latest");
        Down();
        _clock.Advance(TimeSpan.FromMinutes(1));
        var answer = await Found("latest");
        Assert.Equal(await _server.BytesAsync("latest"), answer.Body.ToArray());
        Assert.True(answer.FromCache);
        Assert.Equal(2, _server.Paths.Count(path => path == "latest"));
    }

    [Fact]
    public async Task Latest_NeverKnownAndUpstreamDown_IsAnOutage()
    {
        _server.Instead = static (context, _) =>
        {
            context.Response.StatusCode = 403;
            return Task.FromResult(true);
        };
        foreach (var why in (string[])["answered 403", "sumdb.test/go could not be asked"])
        {
            var failure = (await _room.Mirror.AnswerAsync(Name + "latest", false, Token)).Failure;
            Assert.Equal(FailureKind.ChecksumDatabaseUnavailable, failure?.Kind);
            Assert.Contains(why, failure!.Message, StringComparison.Ordinal);
        }

        Assert.Single(_server.Paths);
    }

    [Fact]
    public async Task Lookup_ThatLies_IsNeverPassedOn()
    {
        _server.Fill(10);
        _server.Instead = async (context, path) =>
        {
            if (path != DatabaseServer.LookupPath(3))
                return false;
            await context.Response.Body.WriteAsync(await _server.BytesAsync(DatabaseServer.LookupPath(4)));
            return true;
        };
        Assert.Equal(FailureKind.ChecksumDatabaseInvalid, await Failed(DatabaseServer.LookupPath(3)));
        Assert.Equal(["absent-line"], _room.SecurityEvents);
    }

    [Fact]
    public async Task Tile_BeyondTheKnownTree_AsksForALaterOne()
    {
        _server.Fill(10);
        await Found("latest");
        _server.Fill(300);
        Assert.Equal(FailureKind.NotFound, await Failed("tile/8/0/000"));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(await _server.BytesAsync("tile/8/0/000"), (await Found("tile/8/0/000")).Body.ToArray());
    }

    [Fact]
    public async Task Tile_BeyondTheKnownTreeWhileTheDatabaseIsDown_IsAnOutageAndNoAbsence()
    {
        _server.Fill(10);
        await Found("latest");
        Down();
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(FailureKind.ChecksumDatabaseUnavailable, await Failed("tile/8/0/000"));
    }

    private void Down() => _server.Instead = static (context, _) =>
    {
        context.Abort();
        return Task.FromResult(true);
    };

    private async Task<MirrorAnswer> Found(string path)
    {
        Assert.True((await _room.Mirror.AnswerAsync(Name + path, false, Token)).TryGet(out var answer, out var failure), $"{path}: {failure}");
        return answer;
    }

    private async Task<FailureKind?> Failed(string path) => (await _room.Mirror.AnswerAsync(Name + path, false, Token)).Failure?.Kind;

    private VerificationRoom Room(Action<VerificationOptions>? change = null)
    {
        VerificationOptions options = new() { SumDb = _server.Setting, Attempts = 1 };
        change?.Invoke(options);
        return new VerificationRoom(options, _data, _clock);
    }
}
