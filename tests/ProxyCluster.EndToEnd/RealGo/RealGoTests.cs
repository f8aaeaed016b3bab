using System.Net;
using ProxyCluster.TestKit.Corpora;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.EndToEnd.RealGo;

/// <summary>The unmodified go command builds a real program from real modules through the proxy.</summary>
[Collection(ProgramBuildCollection.Name)]
[Trait("Needs", "corpus")]
public sealed class RealGoTests(ProgramBuild build)
{
    [Fact]
    public async Task Program_BuiltThroughTheProxy_Runs()
    {
        Assert.Contains(
            ProgramBuild.ProgramSays, await ProgramBuild.RunAsync(Path.Combine(build.Workspace.Main, "program")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_InItsBuild_StandsOnFortyRealModules()
    {
        var real = build.System.Corpus.Modules.Where(m => m.Kind == "real").Select(m => m.Path).ToHashSet(StringComparer.Ordinal);

        var used = (await build.Workspace.GoAsync("list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", Corpus.ProgramPackage))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Distinct(StringComparer.Ordinal)
            .Where(real.Contains);

        Assert.True(used.Count() >= 40, $"only {used.Count()} real modules are compiled into it: {string.Join(' ', used)}");
    }

    [Fact]
    public async Task ModVerify_AfterABuildThroughTheProxy_FindsNothing()
    {
        Assert.Equal("all modules verified\n", await build.Workspace.GoAsync("mod", "verify"));
    }

    [Fact]
    public async Task Download_ThroughTheProxyAndDirectly_AgreesHashByHash()
    {
        using var direct = build.Direct();
        await ProgramBuild.ResolveAsync(direct);
        using var proxied = build.ThroughProxyAgain();

        var straight = await direct.DownloadAsync();
        var throughProxy = await proxied.DownloadAsync();

        Assert.True(straight.Count >= 40, $"only {straight.Count} modules");
        Assert.Equal(straight, throughProxy);
        Assert.All(straight.Values, m => Assert.StartsWith("h1:", m.Sum, StringComparison.Ordinal));
        Assert.All(straight.Values, m => Assert.StartsWith("h1:", m.GoModSum, StringComparison.Ordinal));
        Assert.Equal(
            await File.ReadAllTextAsync(Path.Combine(direct.Main, "go.mod"), TestContext.Current.CancellationToken),
            await File.ReadAllTextAsync(Path.Combine(build.Workspace.Main, "go.mod"), TestContext.Current.CancellationToken));
    }

    [Fact]
    [Trait("Needs", "newer-go")]
    public async Task Download_ByANewerGo_AgreesHashByHash()
    {
        using var older = build.ThroughProxyAgain();
        var expected = await older.DownloadAsync();
        using var newer = build.ThroughProxy(GoWorkspace.NewerGo());

        // Named, because the two do not take the same of a build list.
        Assert.Equal(expected, await newer.DownloadAsync(expected.Keys));
    }

    [Fact]
    public async Task SecondRun_WithAnEmptyModuleCache_AsksUpstreamNothing()
    {
        // go mod download asks for the .info files too, which a build does not.
        using (var warm = build.ThroughProxyAgain())
            await warm.DownloadAsync();
        var upstream = build.System.Upstream.TotalRequests;
        var database = (await build.System.Database.RequestsAsync()).Count;

        using var again = build.ThroughProxyAgain();
        await again.DownloadAsync();
        var program = await ProgramBuild.BuildAsync(again);

        Assert.Contains(ProgramBuild.ProgramSays, await ProgramBuild.RunAsync(program), StringComparison.Ordinal);
        Assert.Equal(upstream, build.System.Upstream.TotalRequests);
        Assert.Equal(database, (await build.System.Database.RequestsAsync()).Count);
    }

    [Fact]
    public async Task ClientCalls_DuringABuild_NeverLeaveTheProxy()
    {
        // The database's name resolves nowhere, so a go that went around the mirror would have failed; what is left to
        // show is that the mirror did answer.
        Assert.True(await build.System.Proxy.MetricAsync("proxycluster_request_duration_seconds_count") > 40);
        using var answer = await build.System.Proxy.Http.GetAsync(
            $"sumdb/{build.System.Database.Name}/supported", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}
