using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Tests.Silo;

/// <summary>
/// What becomes of a module's list and <c>@latest</c> as upstream takes back what it said: the newest answer counts, what
/// is stored stays, and what a replica forgets for a moment is bridged.
/// </summary>
public class HistoryTests
{
    private const string List = "/example.com/lib/@v/list";
    private const string Latest = "/example.com/lib/@latest";
    private const string Branch = "/example.com/lib/@v/main.info";

    // Past every window in which an old answer is given at once, and past the bridge.
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(11);

    private static readonly SiloModule Old = SiloModule.Pack("example.com/lib", "v1.0.0");
    private static readonly SiloModule New = SiloModule.Pack("example.com/lib", "v1.1.0");
    private static readonly SiloModule Candidate = SiloModule.Pack("example.com/lib", "v1.2.0-rc.1");
    private static readonly SiloModule Commit = SiloModule.Pack("example.com/lib", "v1.2.1-0.20240102030405-abcdef012345");
    private static readonly SiloModule LaterCommit = SiloModule.Pack("example.com/lib", "v0.0.0-20250102030405-abcdef012346");

    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task Version_WithdrawnAndNeverFetched_GoesAndStaysGoneAfterARestart()
    {
        await using var silo = await StartAsync();
        silo.Upstream.Put(List, "v1.0.0\nv1.1.0\n");
        await AskAsync(silo, List);
        silo.Upstream.Put(List, "v1.0.0\n");
        _clock.Advance(Long);
        Assert.Equal(("MISS", "v1.0.0\n"), await AskAsync(silo, List));
        await silo.StopAsync();
        await silo.StartAgainAsync();
        Assert.Equal(("HIT", "v1.0.0\n"), await AskAsync(silo, List));
    }

    [Fact]
    public async Task Version_WithdrawnAndStored_Stays()
    {
        await using var silo = await StartAsync();
        silo.Add(Old, New);
        silo.Upstream.Put(List, "v1.0.0\nv1.1.0\n");
        await StoreAsync(silo, New);
        silo.Upstream.Put(List, "v1.0.0\n");
        Assert.Equal(("MISS", "v1.0.0\nv1.1.0\n"), await AskAsync(silo, List));
        Assert.Equal(("HIT", "v1.0.0\nv1.1.0\n"), await AskAsync(silo, List));
    }

    [Theory]
    [InlineData(".info")]
    [InlineData(".mod")]
    [InlineData(".zip")]
    public async Task Version_WithdrawnAndStoredWithoutOneOfItsArtifacts_Goes(string missing)
    {
        // Listed, it would be what `go get` takes, and the missing one has nowhere to come from.
        await using var silo = await StartAsync();
        silo.Add(Old, New);
        foreach (var ending in Endings.Where(ending => ending != missing))
            Assert.Equal(200, (await silo.GetAsync(New.Stem + ending)).Status);
        silo.Upstream.Put(List, "v1.0.0\n");
        Assert.Equal(("MISS", "v1.0.0\n"), await AskAsync(silo, List));
    }

    [Fact]
    public async Task Version_WithdrawnAndItsBytesGoneFromTheDisk_Goes()
    {
        await using var silo = await StartAsync();
        silo.Add(Old, New);
        await StoreAsync(silo, New);
        File.Delete(Path.Combine(silo.Data, "modules", "example.com/lib/@v/v1.1.0.zip"));
        silo.Upstream.Put(List, "v1.0.0\n");
        Assert.Equal(("MISS", "v1.0.0\n"), await AskAsync(silo, List));
    }

    [Fact]
    public async Task Version_ThatAReplicaForgets_IsBridgedForItsTimeAlsoAcrossARestart()
    {
        await using var silo = await StartAsync(("Queries:FreshFor", "0s"), ("Queries:StaleWhileRevalidate", "0s"));
        silo.Upstream.Put(List, "v1.0.0\nv1.1.0\n");
        await AskAsync(silo, List);
        foreach (var lagging in (string[])["v1.0.0\n", "", "v1.0.0\n"])
        {
            await silo.StopAsync();
            await silo.StartAgainAsync();
            silo.Upstream.Put(List, lagging);
            _clock.Advance(TimeSpan.FromMinutes(3));
            Assert.Equal(("MISS", "v1.0.0\nv1.1.0\n"), await AskAsync(silo, List));
        }

        // Nobody has named it for ten minutes now.
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(("MISS", "v1.0.0\n"), await AskAsync(silo, List));
    }

    [Fact]
    public async Task Version_ThatAReplicaForgetsNowAndThen_NeverVanishes()
    {
        await using var silo = await StartAsync(("Queries:FreshFor", "0s"), ("Queries:StaleWhileRevalidate", "0s"));
        foreach (var answer in Enumerable.Repeat<string[]>(["v1.0.0\nv1.1.0\n", "v1.0.0\n"], 20).SelectMany(static pair => pair))
        {
            silo.Upstream.Put(List, answer);
            Assert.Equal(("MISS", "v1.0.0\nv1.1.0\n"), await AskAsync(silo, List));
            _clock.Advance(TimeSpan.FromMinutes(4));
        }
    }

    [Fact]
    public async Task Bridge_OfNoTime_ForgetsAtOnce()
    {
        await using var silo = await StartAsync(
            ("Queries:FreshFor", "0s"), ("Queries:StaleWhileRevalidate", "0s"), ("Queries:BridgeFor", "0s"));
        silo.Upstream.Put(List, "v1.0.0\nv1.1.0\n");
        await AskAsync(silo, List);
        silo.Upstream.Put(List, "v1.0.0\n");
        Assert.Equal(("MISS", "v1.0.0\n"), await AskAsync(silo, List));
    }

    [Theory]
    [InlineData(List, "v1.0.0\nv1.9.0\n", "v1.0.0\n")]
    [InlineData(Latest, "{\"Version\":\"v1.9.0\"}", "{\"Version\":\"v1.0.0\"}")]
    public async Task Answer_ThatOnceLied_IsOverAfterTheBridge(string path, string lie, string truth)
    {
        await using var silo = await StartAsync();
        silo.Upstream.Put(path, truth);
        await AskAsync(silo, path);
        silo.Upstream.Put(path, lie);
        _clock.Advance(Long);
        Assert.Equal(("MISS", lie), await AskAsync(silo, path));
        silo.Upstream.Put(path, truth);
        _clock.Advance(Long);
        Assert.Equal(("MISS", truth), await AskAsync(silo, path));
    }

    [Fact]
    public async Task Latest_OfAResetBranch_SinksAtOnce()
    {
        await using var silo = await StartAsync(("Queries:FreshFor", "0s"), ("Queries:StaleWhileRevalidate", "0s"));
        silo.Upstream.Put(Latest, SiloModule.InfoOf("v0.0.0-20250102030405-abcdef012345"));
        await AskAsync(silo, Latest);
        silo.Upstream.Put(Latest, SiloModule.InfoOf("v0.0.0-20240102030405-abcdef012346"));
        Assert.Contains("20240102030405", (await AskAsync(silo, Latest)).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(List, "v1.0.0\n")]
    [InlineData(Latest, "{\"Version\":\"v1.0.0\"}")]
    [InlineData(Branch, "{\"Version\":\"v1.0.0\"}")]
    public async Task Answer_ThatUpstreamTookBack_IsBridgedAndThenNotFound(string path, string body)
    {
        await using var silo = await StartAsync(("Queries:FreshFor", "0s"), ("Queries:StaleWhileRevalidate", "0s"));
        silo.Upstream.Put(path, body);
        await AskAsync(silo, path);
        silo.Upstream.Remove(path);
        _clock.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(("STALE", body), await AskAsync(silo, path));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(404, (await silo.GetAsync(path)).Status);

        // An outage brings nothing back that was proven absent, and neither does a restart.
        silo.Upstream.StopListening();
        _clock.Advance(Long);
        Assert.Equal(502, (await silo.GetAsync(path)).Status);
        await silo.StopAsync();
        await silo.StartAgainAsync();
        Assert.Equal(502, (await silo.GetAsync(path)).Status);
    }

    [Fact]
    public async Task Module_ThatUpstreamHasNoMore_IsAnsweredFromTheStore()
    {
        await using var silo = await StartAsync();
        silo.Add(Old, New);
        silo.Upstream.Put(List, "v1.0.0\nv1.1.0\n");
        silo.Upstream.Put(Latest, New.Info);
        await AskAsync(silo, List);
        await AskAsync(silo, Latest);
        await StoreAsync(silo, Old);
        silo.Upstream.Remove(List);
        silo.Upstream.Remove(Latest);
        _clock.Advance(Long);
        Assert.Equal(("STALE", "v1.0.0\n"), await AskAsync(silo, List));
        Assert.Equal(("STALE", Text(Old.Info)), await AskAsync(silo, Latest));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/cached-only")]
    public async Task Store_WithUpstreamAwayAndNoAnswerKept_AnswersForItself(string prefix)
    {
        await using var silo = await StoredOnlyAsync(Old, New, Candidate, Commit);
        Assert.Equal(("STALE", "v1.0.0\nv1.1.0\nv1.2.0-rc.1\n"), await AskAsync(silo, prefix + List));
        Assert.Equal(("STALE", Text(New.Info)), await AskAsync(silo, prefix + Latest));
        Assert.Equal(404, (await silo.GetAsync("/cached-only/example.com/other/@v/list")).Status);
        Assert.NotEqual(200, (await silo.GetAsync(prefix + Branch)).Status);
    }

    [Fact]
    public async Task Store_WithPrereleasesAndCommits_GivesThePrerelease()
    {
        await using var silo = await StoredOnlyAsync(LaterCommit, Candidate);
        Assert.Equal(("STALE", Text(Candidate.Info)), await AskAsync(silo, Latest));
    }

    [Fact]
    public async Task Store_WithCommitsOnly_GivesTheLatestByTime()
    {
        await using var silo = await StoredOnlyAsync(LaterCommit, Commit);
        Assert.Equal(("STALE", ""), await AskAsync(silo, List));
        Assert.Equal(("STALE", Text(LaterCommit.Info)), await AskAsync(silo, Latest));
    }

    [Fact]
    public async Task Store_WithIncompatibleVersions_GivesThemOnlyWithoutAGoMod()
    {
        await using (var silo = await StoredOnlyAsync(Old, SiloModule.Pack("example.com/lib", "v2.0.0+incompatible", goModRest: null)))
            Assert.Equal(("STALE", Text(Old.Info)), await AskAsync(silo, Latest));

        var major = SiloModule.Pack("example.com/lib", "v2.0.0+incompatible", goModRest: null);
        await using (var silo = await StoredOnlyAsync(SiloModule.Pack("example.com/lib", "v1.0.0", goModRest: null), major))
            Assert.Equal(("STALE", Text(major.Info)), await AskAsync(silo, Latest));
    }

    [Theory]
    [InlineData("v1.0.0\nv1.1.0-rc.1\nv0.0.0-20250102030405-abcdef012345\n", "v1.0.0")]
    [InlineData("v1.0.0-rc.1\nv1.0.0-rc.2\nv2.0.0\nv0.0.0-20250102030405-abcdef012345\n", "v1.0.0-rc.2")]
    [InlineData("v1.0.1-0.20240102030405-abcdef012345\nv0.0.0-20250102030405-abcdef012345\n", "v0.0.0-20250102030405-abcdef012345")]
    [InlineData(
        "v0.0.0-20240102030405-abcdef012345 2026-01-01T00:00:00Z\nv0.0.0-20250102030405-abcdef012345\n",
        "v0.0.0-20240102030405-abcdef012345")]
    [InlineData(
        "v0.0.0-20240102030405-abcdef012345 2024-06-01T10:00:00+02:00\nv0.0.0-20240102030405-abcdef012346\t2024-06-01T09:00:00.5Z\n",
        "v0.0.0-20240102030405-abcdef012346")]
    [InlineData(
        "v0.0.0-20240102030405-abcdef012345\nv0.0.0-20250102030405-abcdef012345 yesterday\n", "v0.0.0-20240102030405-abcdef012345")]
    public async Task Latest_WhereUpstreamHasNone_IsChosenAsGoDoes(string list, string expected)
    {
        await using var silo = await StartAsync();
        silo.Upstream.Put(List, list);
        silo.Upstream.Put($"/example.com/lib/@v/{expected}.info", SiloModule.InfoOf(expected));
        Assert.Equal(("MISS", Text(SiloModule.InfoOf(expected))), await AskAsync(silo, Latest));
    }

    [Theory]
    [InlineData("v1.0.0\nv1.1.0\nv2.0.0+incompatible\nv3.0.0+incompatible\n", "module example.com/lib\n\ngo 1.21\n", "v1.1.0")]
    [InlineData("v1.0.0\nv1.1.0\nv2.0.0+incompatible\nv3.0.0+incompatible\n", "module example.com/lib\n", "v3.0.0+incompatible")]
    [InlineData("v1.0.0\nv1.1.0-rc.1\nv2.0.0+incompatible\n", "module example.com/lib\n\ngo 1.21\n", "v1.0.0")] // asked of v1.1.0-rc.1
    [InlineData("v2.0.0+incompatible\nv3.0.0-rc.1+incompatible\n", null, "v2.0.0+incompatible")]
    public async Task Latest_WithIncompatibleVersions_FollowsTheHighestCompatibleGoMod(string list, string? goMod, string expected)
    {
        await using var silo = await StartAsync();
        silo.Upstream.Put(List, list);
        if (goMod is not null)
        {
            silo.Upstream.Put("/example.com/lib/@v/v1.0.0.mod", "module example.com/lib\n");
            silo.Upstream.Put("/example.com/lib/@v/v1.1.0-rc.1.mod", goMod);
            silo.Upstream.Put("/example.com/lib/@v/v1.1.0.mod", goMod);
        }

        silo.Upstream.Put($"/example.com/lib/@v/{expected}.info", SiloModule.InfoOf(expected));
        Assert.Equal(("MISS", Text(SiloModule.InfoOf(expected))), await AskAsync(silo, Latest));
    }

    [Fact]
    public async Task Latest_WhereTheDecidingGoModCannotBeHad_IsAnOutage()
    {
        await using var silo = await StartAsync();
        silo.Upstream.Put(List, "v1.0.0\nv2.0.0+incompatible\n");
        silo.Upstream.Faults.Always("/example.com/lib/@v/v1.0.0.mod", Fault.Status(500));
        Assert.Equal(502, (await silo.GetAsync(Latest)).Status);
    }

    private static string[] Endings { get; } = [".info", ".mod", ".zip"];

    private Task<TestSilo> StartAsync(params (string Key, string Value)[] settings) => TestSilo.StartAsync(
        services => services.AddSingleton<TimeProvider>(_clock), [("Upstreams:BreakerThreshold", "1000"), .. settings]);

    // Artifacts on the disk, no answer to a query, and no upstream.
    private async Task<TestSilo> StoredOnlyAsync(params SiloModule[] modules)
    {
        var silo = await StartAsync();
        silo.Add(modules);
        foreach (var module in modules)
            await StoreAsync(silo, module);
        silo.Upstream.StopListening();
        return silo;
    }

    private static async Task StoreAsync(TestSilo silo, SiloModule module)
    {
        foreach (var ending in Endings)
            Assert.Equal(200, (await silo.GetAsync(module.Stem + ending)).Status);
    }

    private static string Text(byte[] body) => System.Text.Encoding.UTF8.GetString(body);

    private static async Task<(string? Cache, string Body)> AskAsync(TestSilo silo, string path)
    {
        var answer = await silo.GetAsync(path);
        Assert.True(answer.Status == 200, $"{path}: {answer.Status} {answer.Text}");
        return (answer["X-Cache"], answer.Text);
    }
}
