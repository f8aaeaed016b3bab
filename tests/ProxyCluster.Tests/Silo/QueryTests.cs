using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Tests.Silo;

/// <summary>The life of an answer to a mutable question, on a clock that the test moves.</summary>
public class QueryTests
{
    private const string List = "/example.com/lib/@v/list";
    private const string Latest = "/example.com/lib/@latest";
    private const string Branch = "/example.com/lib/@v/main.info";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task Answer_IsFreshForAMinute_ThenOldWhileANewOneIsFetched()
    {
        await using var silo = await StartAsync();
        silo.Upstream.Put(List, "v1.0.0\n");
        Assert.Equal(("MISS", "v1.0.0\n"), await AskAsync(silo, List));
        silo.Upstream.Put(List, "v1.0.0\nv1.1.0\n");
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(("HIT", "v1.0.0\n"), await AskAsync(silo, List));
        Assert.Equal(1, silo.Upstream.Requests(List));

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(("STALE", "v1.0.0\n"), await AskAsync(silo, List));
        await silo.Upstream.Requested(List, 2).WaitAsync(Patience, Cancellation);
        Assert.Equal(("HIT", "v1.0.0\nv1.1.0\n"), await RefreshedAsync(silo, List));
        Assert.Equal(2, silo.Upstream.Requests(List));
    }

    [Fact]
    public async Task Answer_ThatIsTooOld_IsWaitedFor()
    {
        await using var silo = await StartAsync();
        silo.Upstream.Put(List, "v1.0.0\n");
        await AskAsync(silo, List);
        silo.Upstream.Put(List, "v1.1.0\n");
        _clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(("MISS", "v1.1.0\n"), await AskAsync(silo, List));
    }

    [Theory]
    [InlineData(List, "v1.0.0\n")]
    [InlineData(Latest, "{\"Version\":\"v1.0.0\",\"Time\":\"2024-01-02T03:04:05Z\"}")]
    [InlineData(Branch, "{\"Version\":\"v1.0.0\",\"Time\":\"2024-01-02T03:04:05Z\"}")]
    public async Task Answer_WithUpstreamDown_StandsInUpToItsAgeAndNotBeyond(string path, string body)
    {
        // Days on the clock are days of heartbeats: on the engine on which one costs nothing.
        await using var silo = await StartAsync(("Cluster:Engine", "local"));
        silo.Upstream.Put(path, body);
        Assert.Equal(("MISS", body), await AskAsync(silo, path));
        silo.Upstream.StopListening();
        _clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(("STALE", body), await AskAsync(silo, path));
        _clock.Advance(TimeSpan.FromDays(6));
        Assert.Equal(("STALE", body), await AskAsync(silo, path));

        _clock.Advance(TimeSpan.FromDays(1));
        var refused = await silo.GetAsync(path);
        Assert.Equal((502, "upstream-unavailable", "no-store"), (refused.Status, refused["X-ProxyCluster-Cause"], refused["Cache-Control"]));
    }

    [Fact]
    public async Task Outage_IsNotAskedAboutAgainWithinItsPause()
    {
        await using var silo = await StartAsync();
        silo.Upstream.Put(List, "v1.0.0\n");
        await AskAsync(silo, List);
        silo.Upstream.Faults.Always(List, Fault.Status(500));
        _clock.Advance(TimeSpan.FromMinutes(11));
        for (var i = 0; i < 5; i++)
            Assert.Equal("STALE", (await AskAsync(silo, List)).Cache);
        Assert.Equal(2, silo.Upstream.Requests(List));
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("STALE", (await AskAsync(silo, List)).Cache);
        Assert.Equal(3, silo.Upstream.Requests(List));
    }

    [Theory]
    [InlineData("\"tag-1\"", false)]
    [InlineData(null, true)]
    [InlineData("\"tag-1\"", true)]
    public async Task Revalidation_UsesWhatUpstreamGave_AndNotModifiedMakesItFresh(string? tag, bool dated)
    {
        DateTimeOffset? modified = dated ? new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.Zero) : null;
        await using var silo = await StartAsync();
        silo.Upstream.Put(List, "v1.0.0\n", tag, modified);
        await AskAsync(silo, List);
        _clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal("v1.0.0\n", (await AskAsync(silo, List)).Body);
        var call = silo.Upstream.Calls.Last();
        Assert.Equal((tag, modified?.ToString("R")), (call.Header("If-None-Match"), call.Header("If-Modified-Since")));
        Assert.Equal(("HIT", "v1.0.0\n"), await AskAsync(silo, List));

        // And after a restart, from what the disk has kept of it.
        await silo.StopAsync();
        await silo.StartAgainAsync();
        _clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal("v1.0.0\n", (await AskAsync(silo, List)).Body);
        Assert.Equal(tag, silo.Upstream.Calls.Last().Header("If-None-Match"));
    }

    [Fact]
    public async Task Absence_IsRememberedBrieflyAndSharedByAll()
    {
        await using var silo = await StartAsync();
        for (var i = 0; i < 3; i++)
        {
            var absent = await silo.GetAsync(List);
            Assert.Equal((404, "not-found"), (absent.Status, absent["X-ProxyCluster-Cause"]));
        }

        Assert.Equal(1, silo.Upstream.Requests(List));
        silo.Upstream.Put(List, "v1.0.0\n");
        _clock.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(404, (await silo.GetAsync(List)).Status);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(("MISS", "v1.0.0\n"), await AskAsync(silo, List));
    }

    [Fact]
    public async Task Branch_MayGoBack_ForItMayBeReset()
    {
        await using var silo = await StartAsync();
        silo.Upstream.Put(Branch, SiloModule.InfoOf("v1.3.1-0.20240102030405-abcdef012345"));
        await AskAsync(silo, Branch);
        silo.Upstream.Put(Branch, SiloModule.InfoOf("v1.3.1-0.20230102030405-abcdef012346"));
        _clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Contains("20230102030405", (await AskAsync(silo, Branch)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refresh_ByManyAtOnce_AsksUpstreamOnce()
    {
        await using var silo = await StartAsync();
        silo.Upstream.Put(List, "v1.0.0\n");
        await AskAsync(silo, List);
        _clock.Advance(TimeSpan.FromMinutes(2));
        var mayAnswer = new TaskCompletionSource();
        silo.Upstream.Faults.Always(List, new Fault("wait", async _ =>
        {
            await mayAnswer.Task;
            return false;
        }));
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => AskAsync(silo, List)));
        Assert.All(answers, answer => Assert.Equal(("STALE", "v1.0.0\n"), answer));
        await silo.Upstream.Requested(List, 2).WaitAsync(Patience, Cancellation);
        mayAnswer.SetResult();
        Assert.Equal("HIT", (await RefreshedAsync(silo, List)).Cache);
        Assert.Equal(2, silo.Upstream.Requests(List));
    }

    private Task<TestSilo> StartAsync(params (string, string)[] settings) => TestSilo.StartAsync(
        services => services.AddSingleton<TimeProvider>(_clock), [("Upstreams:BreakerThreshold", "1000"), .. settings]);

    private static async Task<(string? Cache, string Body)> AskAsync(TestSilo silo, string path)
    {
        var answer = await silo.GetAsync(path);
        Assert.Equal(200, answer.Status);
        return (answer["X-Cache"], answer.Text);
    }

    // The refresh in the background ends some time after upstream was asked; each question in between is a real one.
    private static async Task<(string? Cache, string Body)> RefreshedAsync(TestSilo silo, string path)
    {
        var answer = await AskAsync(silo, path);
        for (var i = 0; i < 10_000 && answer.Cache == "STALE"; i++)
            answer = await AskAsync(silo, path);
        return answer;
    }
}
