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

        _server.Instead = static (context, _) =>
        {
            context.Abort();
            return Task.FromResult(true);
        };
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

    [Fact]
    public async Task Answer_HeadersFollowWhatCanChange()
    {
        _server.Fill(600);
        Assert.Equal(("text/plain; charset=UTF-8", false), Shape(await Found("latest")));
        Assert.Equal(("text/plain; charset=UTF-8", false), Shape(await Found(DatabaseServer.LookupPath(1))));
        Assert.Equal(("application/octet-stream", true), Shape(await Found("tile/8/0/001")));
        Assert.Equal(("application/octet-stream", false), Shape(await Found("tile/8/0/002.p/1")));
        Assert.Equal(("text/plain; charset=UTF-8", true), Shape(await Found("tile/8/data/000")));
        Assert.True((await Found("supported")).Body.IsEmpty);

        static (string, bool) Shape(MirrorAnswer answer) => (answer.ContentType, answer.IsImmutable);
    }

    [Theory]
    [InlineData("lookup/example.org/mod", FailureKind.BadRequest)]
    [InlineData("lookup/example.org/mod@latest", FailureKind.BadRequest)]
    [InlineData("lookup/example.org/Mod@v1.0.0", FailureKind.BadRequest)]
    [InlineData("lookup/example.org/mod@v1.0.0/go.mod", FailureKind.BadRequest)]
    [InlineData("lookup/../secret@v1.0.0", FailureKind.BadRequest)]
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
        Assert.Equal(kind, await Failed(path));
    }

    [Theory]
    [InlineData("sum.golang.org/latest")]
    [InlineData("sumdb.test/latest")]
    [InlineData("sumdb.test/gone/latest")]
    [InlineData("sumdb.test/go")]
    [InlineData("")]
    public async Task Answer_NameThatIsNotConfigured_IsNotFound(string path)
    {
        Assert.Equal(FailureKind.NotFound, (await _room.Mirror.AnswerAsync(path, false, Token)).Failure?.Kind);
        Assert.Empty(_server.Paths);
    }

    [Fact]
    public async Task Latest_IsAskedForOncePerAgeAndNeverGoesBack()
    {
        _server.Fill(10);
        var ten = await _server.BytesAsync("latest");
        Assert.Equal(ten, (await Found("latest")).Body.ToArray());
        _server.Fill(20);
        var twenty = await _server.BytesAsync("latest");
        Assert.Equal(ten, (await Found("latest")).Body.ToArray());
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(twenty, (await Found("latest")).Body.ToArray());

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
    }

    [Fact]
    public async Task Latest_NeverKnownAndUpstreamDown_IsAnOutage()
    {
        _server.Instead = static (context, _) =>
        {
            context.Response.StatusCode = 403;
            return Task.FromResult(true);
        };
        Assert.Equal(FailureKind.ChecksumDatabaseUnavailable, await Failed("latest"));
        Assert.Equal(FailureKind.ChecksumDatabaseUnavailable, await Failed("latest"));
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
