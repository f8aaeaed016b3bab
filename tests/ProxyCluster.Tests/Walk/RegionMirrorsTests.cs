using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering;
using ProxyCluster.Configuration;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.Repositories;
using ProxyCluster.Storage;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Repositories;
using ProxyCluster.Tests.Lines;
using ProxyCluster.Walk;

namespace ProxyCluster.Tests.Walk;

/// <summary>Questions about a repository whose mirror another silo of the region has, over HTTP.</summary>
public sealed class RegionMirrorsTests : IAsyncLifetime
{
    private readonly ScratchDirectory _repositories = new();
    private readonly Place _place = new();
    private PeerSite _site = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var noise = new byte[200_000];
        new Random(1).NextBytes(noise);
        new ScriptedRepository("lib").Commit(("go.mod", "module git.test/lib.git\n")).Tag("v1.0.0").Commit("main", null, [("noise", "100644", noise)]).Tag("v1.1.0").Make(_repositories.Path);
        _site = await PeerSite.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        _repositories.Dispose();
    }

    [Theory]
    [InlineData("@v/list")]
    [InlineData("@latest")]
    [InlineData("@v/main.info")]
    [InlineData("@v/v1.info")]
    [InlineData("@v/v1.0.0.info")]
    [InlineData("@v/v1.0.0.mod")]
    [InlineData("@v/v1.0.0.zip")]
    [InlineData("@v/v1.1.0.zip")]
    public async Task Question_AboutARepositoryOfAnotherSilo_IsAnsweredFromItsMirror(string what)
    {
        var (near, far) = (await StartAsync(), await StartAsync());
        await KnowsAsync(near, _place.Member = far.Services.GetRequiredService<ClusterSelf>().Member.Id);
        var path = ProxyPath.Parse("git.test/lib.git/" + what);

        var answer = await ReadAsync(near.Services.GetRequiredService<RegionModules>().AskAsync(path, Cancel));

        Assert.Equal(await ReadAsync(far.Services.GetRequiredService<DirectModules>().AskAsync(path, null, Cancel)), answer);
        Assert.Empty(MirrorsOf(near));
        Assert.Equal(what == "@v/list" ? 0 : 1, MirrorsOf(far).Count()); // names alone need none
        Assert.Empty(Directory.EnumerateFiles(near.Services.GetRequiredService<DataTree>().Temporary));
    }

    [Fact]
    public async Task Absence_InTheMirror_IsAbsence()
    {
        var (near, far) = (await StartAsync(), await StartAsync());
        await KnowsAsync(near, _place.Member = far.Services.GetRequiredService<ClusterSelf>().Member.Id);

        var outcome = await near.Services.GetRequiredService<RegionModules>().AskAsync(ProxyPath.Parse("git.test/lib.git/@v/v1.9.0.zip"), Cancel);

        Assert.Equal(FailureKind.NotFound, outcome.Failure?.Kind);
        Assert.Empty(MirrorsOf(near));
    }

    // By its own list of upstreams: somebody may have taken the word out of one silo's, and not yet of the other's.
    [Fact]
    public async Task Silo_WhoseUpstreamsHaveNoDirect_AsksNoRepositoryForOthers()
    {
        var (near, far) = (await StartAsync(), await StartAsync((SettingKeys.Upstreams, "off")));
        await KnowsAsync(near, _place.Member = far.Services.GetRequiredService<ClusterSelf>().Member.Id);

        Assert.NotEmpty(await ReadAsync(near.Services.GetRequiredService<RegionModules>().AskAsync(ProxyPath.Parse("git.test/lib.git/@v/v1.0.0.zip"), Cancel)));

        Assert.Single(MirrorsOf(near));
        Assert.Empty(MirrorsOf(far));
    }

    [Theory]
    [InlineData("older release")]
    [InlineData("no length")]
    [InlineData("a length that nothing has")]
    [InlineData("less than announced")]
    [InlineData("overloaded")]
    [InlineData("its disk is ill")]
    [InlineData("its line to the repository is down")]
    [InlineData("silent")]
    [InlineData("gone")]
    public async Task Silo_ThatDoesNotAnswer_CostsAMirrorOfOnesOwnAndNothingElse(string how)
    {
        var far = await _site.ScriptAsync("tokyo", (context, target) => !target.Contains("/repository/", StringComparison.Ordinal) ? NothingAsync(context) : how switch
        {
            "no length" => ScriptedPeer.FrameAsync(context, PeerFrameType.Bytes, [1, 2, 3]),
            "a length that nothing has" => ScriptedPeer.FrameAsync(context, PeerFrameType.Bytes, PeerRepositories.Announce(long.MaxValue)),
            "less than announced" => EndEarlyAsync(context),
            "overloaded" => FailAsync(context, FailureKind.Overloaded),
            "its disk is ill" => FailAsync(context, FailureKind.StoreUnavailable),
            "its line to the repository is down" => FailAsync(context, FailureKind.UpstreamUnavailable),
            "silent" => ScriptedPeer.SilenceAsync(context),
            _ => NothingAsync(context),
        });
        var near = await StartAsync();
        await KnowsAsync(near, _place.Member = far.Member.Id);
        if (how == "gone")
            await far.StopListeningAsync();

        Assert.NotEmpty(await ReadAsync(near.Services.GetRequiredService<RegionModules>().AskAsync(ProxyPath.Parse("git.test/lib.git/@v/v1.1.0.zip"), Cancel)));

        Assert.Single(MirrorsOf(near));
        Assert.Equal(how != "gone", far.Asked.Any(static target => target.EndsWith("repository/git.test/lib.git/@v/v1.1.0.zip", StringComparison.Ordinal)));
        Assert.Empty(Directory.EnumerateFiles(near.Services.GetRequiredService<DataTree>().Temporary));
    }

    [Theory]
    [InlineData(null)] // nobody says where it is
    [InlineData("tokyo-nobody")]
    public async Task Repository_WhosePlaceIsNotKnown_IsMirroredHere(string? place)
    {
        var (near, far) = (await StartAsync(), await StartAsync());
        await KnowsAsync(near, far.Services.GetRequiredService<ClusterSelf>().Member.Id);
        _place.Member = place;

        Assert.NotEmpty(await ReadAsync(near.Services.GetRequiredService<RegionModules>().AskAsync(ProxyPath.Parse("git.test/lib.git/@v/list"), Cancel)));

        Assert.Equal(1, _place.Asked);
        Assert.Empty(MirrorsOf(far));
    }

    [Fact]
    public async Task Repository_OfASiloAloneInItsRegion_IsMirroredHereWithoutAQuestion()
    {
        var (near, far) = (await StartAsync(), await _site.AddAsync("paris", Role.Silo));
        await KnowsAsync(near, far.Services.GetRequiredService<ClusterSelf>().Member.Id);

        Assert.NotEmpty(await ReadAsync(near.Services.GetRequiredService<RegionModules>().AskAsync(ProxyPath.Parse("git.test/lib.git/@v/list"), Cancel)));

        Assert.Equal(0, _place.Asked);
    }

    private static Task KnowsAsync(WebApplication silo, string member) =>
        Waiting.UntilAsync(() => silo.Services.GetRequiredService<IEngine>().View.FindOrNull(member) is not null);

    private static IEnumerable<string> MirrorsOf(WebApplication silo) =>
        Directory.Exists(silo.Services.GetRequiredService<DataTree>().Repositories)
            ? Directory.EnumerateFiles(silo.Services.GetRequiredService<DataTree>().Repositories, MirrorKeeper.UsedName, SearchOption.AllDirectories)
            : [];

    private static Task NothingAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static Task FailAsync(HttpContext context, FailureKind kind) =>
        ScriptedPeer.FrameAsync(context, PeerFrameType.Failure, PeerFailure.Write(new Failure(kind, "a test says so")));

    private static async Task EndEarlyAsync(HttpContext context)
    {
        await ScriptedPeer.FrameAsync(context, PeerFrameType.Bytes, PeerRepositories.Announce(200_000));
        await ScriptedPeer.BytesAsync(context, new byte[100]);
    }

    private static async Task<byte[]> ReadAsync(Task<Outcome<DirectAnswer>> asking)
    {
        var outcome = await asking;
        Assert.Null(outcome.Failure);
        using var answer = outcome.Value;
        using var bytes = new MemoryStream();
        await answer.Body!.CopyToAsync(bytes, Cancel);
        return bytes.ToArray();
    }

    private Task<WebApplication> StartAsync(params (string, string)[] more) => _site.AddAsync(
        "tokyo",
        Role.Silo,
        services => services.AddSingleton<IRepositoryPlaces>(_place),
        [(SettingKeys.Upstreams, "direct"), ("Direct:Rewrites:0", $"https://git.test/=file://{_repositories.Path}/"), .. more]);

    private sealed class Place : IRepositoryPlaces
    {
        private int _asked;

        public string? Member { get; set; }

        public int Asked => Volatile.Read(ref _asked);

        public Task<string?> FindOrNullAsync(string repository, CancellationToken cancel)
        {
            Interlocked.Increment(ref _asked);
            return Task.FromResult(Member);
        }
    }
}
