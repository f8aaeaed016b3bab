using System.Net;
using ProxyCluster.Clustering;
using ProxyCluster.Demo;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.EndToEnd.Demo;

/// <summary>The real go command against the demo's cluster.</summary>
[Trait("Needs", "corpus")]
public sealed class DemoTests
{
    private const string Hello = SampleModules.Prefix + "hello";
    private const string HelloSays = "8 words by way of 3 regions";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Program_BuiltInAllRegionsAtOnce_RunsAndCostsOneFetchOfEachArtifact()
    {
        await using var demo = await DemoCluster.StartAsync(0, TimeSpan.Zero, TimeProvider.System, Cancel);

        var outputs = await Task.WhenAll(demo.GoProxies.Select(region => RunHelloAsync(region.GoProxy, demo)));

        Assert.Equal(3, outputs.Length);
        Assert.All(outputs, output => Assert.Contains(HelloSays, output, StringComparison.Ordinal));
        var artifacts = demo.World.Upstream.Requests.Where(asked => Path.GetExtension(asked.Key) is ".info" or ".mod" or ".zip").ToList();
        Assert.Contains(artifacts, asked => asked.Key.EndsWith("/hello/@v/v1.1.0.zip", StringComparison.Ordinal));
        Assert.All(artifacts, asked => Assert.True(asked.Value == 1, $"{asked.Key} was fetched {asked.Value} times"));
    }

    [Fact]
    public async Task Status_AfterABuild_SaysWhoAnsweredFromWhere()
    {
        await using var demo = await DemoCluster.StartAsync(0, TimeSpan.Zero, TimeProvider.System, Cancel);
        foreach (var (_, goProxy) in demo.GoProxies)
            await RunHelloAsync(goProxy, demo);

        var status = await demo.StatusAsync();

        Assert.Equal(["tokyo", "frankfurt", "sanjose"], status.Regions.Select(region => region.Name));
        Assert.All(status.Regions, region => Assert.Equal(["silo 1", "silo 2", "front end"], region.Members.Select(member => member.Name)));
        Assert.All(status.Regions.SelectMany(region => region.Members), member => Assert.True(member.IsLive, member.Name));
        Assert.All(status.Regions, region => Assert.True(region.Total.Requests > 0, region.Name));
        Assert.Equal(demo.World.Upstream.TotalRequests, status.Total.UpstreamFetches);
        Assert.True(status.Total.PeerFills > 0);
        Assert.True(status.Total.Hits > 0);
    }

    [Fact]
    public async Task Status_AfterABuild_SaysInWhichSiloEachGrainLives()
    {
        await using var demo = await DemoCluster.StartAsync(0, TimeSpan.Zero, TimeProvider.System, Cancel);
        await RunHelloAsync(demo.GoProxies.First().GoProxy, demo);

        var status = await demo.StatusAsync();

        // Nobody else asked, so every owner is in the region of the one who did.
        var fetched = demo.World.Upstream.Requests.Keys.Where(path => path.EndsWith(".zip", StringComparison.Ordinal)).Count();
        Assert.True(status.Regions[0].Owns >= fetched, $"{status.Regions[0].Owns} grains for {fetched} zips");
        Assert.All(status.Regions.Skip(1), region => Assert.Equal(0, region.Owns));
        Assert.All(status.Regions.SelectMany(region => region.Members).Where(member => member.Role == Role.FrontEnd), door => Assert.Equal(0, door.Owns));
        Assert.NotEmpty(status.Newest);
        Assert.All(status.Newest, owned => Assert.StartsWith("tokyo silo ", owned.Silo, StringComparison.Ordinal));
        Assert.All(status.Newest, owned => Assert.Contains("@v", owned.ModuleVersion, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Samples_EveryVersion_IsDownloadedAndVerifiedByGo()
    {
        await using var demo = await DemoCluster.StartAsync(0, TimeSpan.Zero, TimeProvider.System, Cancel);
        using var workspace = new GoWorkspace(demo.GoProxies.First().GoProxy, demo.World.Database.Key.ToString());

        var downloaded = await workspace.DownloadAsync([.. demo.World.Modules.Select(packed => packed.Module.ToString())]);

        Assert.Equal(
            demo.World.Modules.Select(packed => $"{packed.Module} {packed.ZipH1} {packed.GoModH1}").Order(StringComparer.Ordinal),
            downloaded.Select(module => $"{module.Key} {module.Value.Sum} {module.Value.GoModSum}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task RetractedVersion_ListedByGo_IsLeftOutUnlessAskedFor()
    {
        await using var demo = await DemoCluster.StartAsync(0, TimeSpan.Zero, TimeProvider.System, Cancel);
        using var workspace = new GoWorkspace(demo.GoProxies.Last().GoProxy, demo.World.Database.Key.ToString());
        await workspace.GoAsync("mod", "init", "example.com/main");

        Assert.Equal($"{SampleModules.Prefix}greet v1.0.0 v1.1.0 v1.3.0\n", await workspace.GoAsync("list", "-m", "-versions", SampleModules.Prefix + "greet"));
        Assert.Equal(
            $"{SampleModules.Prefix}greet v1.0.0 v1.1.0 v1.2.0 v1.3.0\n",
            await workspace.GoAsync("list", "-m", "-versions", "-retracted", SampleModules.Prefix + "greet"));
    }

    [Fact]
    public async Task Verb_InARealProcess_PrintsALineThatRunsAndCountsWhatItDid()
    {
        var limit = TimeSpan.FromMinutes(2);
        using var scratch = new ScratchDirectory();
        await using var demo = ChildProcess.Start(
            "dotnet", [Repository.Executable, "demo", "--port-base", "0"], new Dictionary<string, string> { ["HOME"] = scratch.Path }, scratch.Path);
        await demo.FirstLine.WaitAsync(limit, Cancel);
        var line = await LineAsync(demo, " go run ", limit);

        var environment = new Dictionary<string, string>
        {
            ["HOME"] = scratch.Path,
            ["TMPDIR"] = scratch.Path,
            ["GOCACHE"] = Path.Combine(Repository.Cache, "gocache"),
            ["GOENV"] = "off",
            ["GOTOOLCHAIN"] = "local",
        };
        var run = await ChildProcess.RunAsync("sh", ["-c", line], environment, limit, scratch.Path);

        Assert.Contains(HelloSays, run.OutputOfSuccess, StringComparison.Ordinal);
        Assert.StartsWith("the upstream was asked ", await LineAsync(demo, "the upstream was asked ", limit), StringComparison.Ordinal);
        Assert.Equal(0, await demo.StopAsync(limit));
        Assert.Empty(demo.Errors);
    }

    [Fact]
    public async Task FrontEnd_AskedForWhatNoSampleIs_AnswersNotFound()
    {
        await using var demo = await DemoCluster.StartAsync(0, TimeSpan.Zero, TimeProvider.System, Cancel);
        using var http = new HttpClient();

        using var answer = await http.GetAsync($"{demo.GoProxies.First().GoProxy}/{SampleModules.Prefix}nothing/@v/v1.0.0.info", Cancel);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    private static async Task<string> RunHelloAsync(string goProxy, DemoCluster demo)
    {
        using var workspace = new GoWorkspace(goProxy, demo.World.Database.Key.ToString());
        return await workspace.GoAsync("run", "-mod=mod", Hello + "@latest");
    }

    private static async Task<string> LineAsync(ChildProcess process, string containing, TimeSpan limit)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        late.CancelAfter(limit);
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await look.WaitForNextTickAsync(late.Token))
        {
            var lines = process.Output.Split('\n')[..^1];
            if (lines.FirstOrDefault(line => line.Contains(containing, StringComparison.Ordinal)) is { } found)
                return found;
        }

        throw new InvalidOperationException("the timer ended");
    }
}
