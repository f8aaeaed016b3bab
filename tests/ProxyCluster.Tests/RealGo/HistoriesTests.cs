using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.RealGo;

/// <summary>
/// What the real <c>go</c> makes of two hundred modules' histories is the same through the proxy and straight from
/// upstream, save that the proxy still has what it has stored.
/// </summary>
[Trait("Needs", "corpus")]
public class HistoriesTests
{
    private const int Modules = 200;
    private const int Steps = 4;
    private const string Error = "error";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task Histories_ThroughTheProxyAndStraight_LookTheSame() => AssertHistoriesLookTheSameAsync("go");

    [Fact]
    [Trait("Needs", "newer-go")]
    public Task Histories_AskedForByANewerGo_LookTheSame() => AssertHistoriesLookTheSameAsync(GoWorkspace.NewerGo());

    [Fact]
    public Task SlowModule_OfAHealthyUpstream_ShutsNoOtherOut() => AssertSlowModuleShutsNoOtherOutAsync("go");

    [Fact]
    [Trait("Needs", "newer-go")]
    public Task SlowModule_AskedForByANewerGo_ShutsNoOtherOut() => AssertSlowModuleShutsNoOtherOutAsync(GoWorkspace.NewerGo());

    private static async Task AssertHistoriesLookTheSameAsync(string go)
    {
        var clock = new ManualTimeProvider();
        await using var silo = await TestSilo.StartAsync(
            services => services.AddSingleton<TimeProvider>(clock),
            ("Queries:FreshFor", "0s"), ("Queries:StaleWhileRevalidate", "0s"), ("Upstreams:BreakerThreshold", "1000"));
        var histories = Enumerable.Range(0, Modules).Select(static i => new ModuleHistory(i)).ToList();
        var ever = histories.ToDictionary(static history => history.Path, static _ => new List<SiloModule>(), StringComparer.Ordinal);
        var bridged = 0;
        var kept = 0;
        Dictionary<string, string> versions = [];
        for (var step = 0; step < Steps; step++)
        {
            // 1. The modules live on, past everything that hides it.
            foreach (var (i, history) in histories.Index())
            {
                if ((i + step) % 3 == 0 && history.AnyOrNull() is { } chosen)
                    await StoreAsync(silo, chosen);
                if (history.Step() is { } made)
                {
                    ever[history.Path].Add(made);
                    silo.Add(made);
                }

                history.Publish(silo.Upstream);
                history.PublishArtifacts(silo.Upstream, ever[history.Path]);
            }

            clock.Advance(TimeSpan.FromMinutes(11));

            // 2. The same questions both ways.
            using var straight = new GoWorkspace(silo.Upstream.Url, "off", go);
            using var proxied = new GoWorkspace(silo.Http.BaseAddress!.ToString(), "off", go);
            versions = await VersionsAsync(straight, histories);
            kept += AssertVersions(silo, versions, await VersionsAsync(proxied, histories));
            var latest = await LatestAsync(straight, histories);
            var latestProxied = await LatestAsync(proxied, histories);
            AssertSameOrStored(silo, latest, latestProxied);

            // 3. And what go takes of it into a build.
            if (step % 2 == 1)
            {
                var wanted = histories.Select(static history => history.Path).Where(path => latest[path] != Error).ToList();
                AssertSameOrStored(silo, await GetAsync(straight, wanted), await GetAsync(proxied, wanted));
            }

            // 4. A replica that has not heard of the newest answers next, for two minutes.
            var lagging = histories.Where(static history => history.MayLag).ToList();
            bridged += lagging.Count;
            foreach (var history in lagging)
                history.Publish(silo.Upstream, lagging: true);
            clock.Advance(TimeSpan.FromMinutes(2));
            if (lagging.Count > 0)
                AssertVersions(silo, versions, await VersionsAsync(proxied, lagging));
        }

        // 5. Upstream goes away: what it said last stands, and what was gone is not back.
        foreach (var history in histories)
            history.Publish(silo.Upstream);
        clock.Advance(TimeSpan.FromMinutes(11));
        using (var again = new GoWorkspace(silo.Http.BaseAddress!.ToString(), "off", go))
            await VersionsAsync(again, histories);
        silo.Upstream.StopListening();
        clock.Advance(TimeSpan.FromHours(1));
        using (var last = new GoWorkspace(silo.Http.BaseAddress!.ToString(), "off", go))
            AssertVersions(silo, versions, await VersionsAsync(last, histories));

        // Otherwise nothing was shown.
        Assert.True(bridged > Modules / 4 && kept > Modules / 10, $"{bridged} answers of lagging replicas, {kept} versions that only the store had");
    }

    private static async Task AssertSlowModuleShutsNoOtherOutAsync(string go)
    {
        await using var silo = await TestSilo.StartAsync(
            ("Upstreams:FirstByteTimeout", "1s"), ("Upstreams:Retries", "2"), ("Upstreams:Backoff", "1ms"));
        var modules = Enumerable.Range(0, 30).Select(static i => SiloModule.Pack($"example.com/m{i}", "v1.0.0")).ToList();
        silo.Add(modules);
        foreach (var module in modules)
            silo.Upstream.Put($"/{module.Module.Path}/@v/list", "v1.0.0\n");
        silo.Upstream.Faults.Always("/example.com/slow/@v/list", TestKit.Upstreams.Fault.Silence);
        using var stuck = new GoWorkspace(silo.Http.BaseAddress!.ToString(), "off", go);
        using var building = new GoWorkspace(silo.Http.BaseAddress!.ToString(), "off", go);

        // The slow one is asked for again and again, and after every failure others are.
        foreach (var batch in modules.Chunk(10))
        {
            Assert.NotEqual(0, (await stuck.TryAsync("list", "-m", "-versions", "example.com/slow")).ExitCode);
            await building.GoAsync(["mod", "download", .. batch.Select(static module => $"{module.Module.Path}@latest")]);
        }

        Assert.All(modules, module => Assert.Equal(1, silo.Upstream.Requests(module.Stem + ".zip")));
    }

    private static async Task StoreAsync(TestSilo silo, SiloModule module)
    {
        foreach (var ending in (string[])[".info", ".mod", ".zip"])
            (await silo.Http.GetAsync(module.Stem + ending, Cancellation)).Dispose();
    }

    // Every version that is listed, retracted or not, by module; or that there is no such module.
    private static Task<Dictionary<string, string>> VersionsAsync(GoWorkspace workspace, IEnumerable<ModuleHistory> histories) => AskAsync(
        workspace, "{{.Path}}|{{join .Versions \" \"}}", ["-retracted", "-versions"], histories.Select(static history => history.Path));

    private static Task<Dictionary<string, string>> LatestAsync(GoWorkspace workspace, IEnumerable<ModuleHistory> histories) => AskAsync(
        workspace, "{{.Path}}|{{.Version}}", [], histories.Select(static history => $"{history.Path}@latest"));

    private static async Task<Dictionary<string, string>> AskAsync(
        GoWorkspace workspace, string format, IEnumerable<string> flags, IEnumerable<string> modules)
    {
        var output = await workspace.GoAsync(
            ["list", "-m", "-e", .. flags, "-f", $"{{{{if .Error}}}}{{{{.Path}}}}|{Error}{{{{else}}}}{format}{{{{end}}}}", .. modules]);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => line.Split('|')).ToDictionary(static parts => parts[0], static parts => parts[1], StringComparer.Ordinal);
    }

    // What is required after `go get` of all of them, in a main module of its own.
    private static async Task<Dictionary<string, string>> GetAsync(GoWorkspace workspace, IEnumerable<string> modules)
    {
        await workspace.GoAsync("mod", "init", "example.com/main");
        await workspace.GoAsync(["get", .. modules]);
        return (await workspace.GoAsync("list", "-m", "-f", "{{.Path}}|{{.Version}}", "all"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => line.Split('|')).Skip(1).ToDictionary(static parts => parts[0], static parts => parts[1], StringComparer.Ordinal);
    }

    // Gives how many more versions the proxy has; all of them must be stored.
    private static int AssertVersions(TestSilo silo, Dictionary<string, string> straight, Dictionary<string, string> proxied)
    {
        var more = 0;
        foreach (var (path, listed) in proxied)
        {
            var (expected, actual) = (Split(straight[path]), Split(listed));
            var stored = actual.Except(expected).ToList();
            Assert.True(!expected.Except(actual).Any(), $"{path}: {listed}, but straight {straight[path]}");
            Assert.True(stored.All(version => IsStored(silo, path, version)), $"{path}: {listed}, but straight {straight[path]}");
            more += stored.Count;
        }

        return more;

        static string[] Split(string listed) => listed == Error ? [] : listed.Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    private static void AssertSameOrStored(TestSilo silo, Dictionary<string, string> straight, Dictionary<string, string> proxied) =>
        Assert.All(straight, pair => Assert.True(
            proxied[pair.Key] == pair.Value || IsStored(silo, pair.Key, proxied[pair.Key]), $"{pair.Key}: {proxied[pair.Key]}, but straight {pair.Value}"));

    private static bool IsStored(TestSilo silo, string path, string version) =>
        ModuleVersion.TryParse(path, version, out var module, out _)
        && silo.Services.GetRequiredService<DiskStore>().FindRecordOrNull(module) is { Info: not null, Mod: not null, Zip: not null };
}
