using System.Net;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Repositories;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Repositories;

/// <summary>The word <c>direct</c> in the upstream list of a whole silo.</summary>
public sealed class DirectSiloTests : IDisposable
{
    private readonly ScratchDirectory _repositories = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Needs", "newer-go")]
    public async Task Modules_ByGoThroughASilo_AreThoseOfTheRepository()
    {
        var made = new ScriptedRepository("lib").Commit(("go.mod", "module git.test/lib.git\n"), ("a.go", "package a\n")).Tag("v1.0.0").Commit(("b.go", "package a\n")).Commit(("c.go", "package a\n"));
        made.Make(_repositories.Path);
        await using var silo = await StartAsync(("Verification:NoSumDb", "git.test"));
        using var go = new GoWorkspace($"http://{silo.Address}", "off", GoWorkspace.NewerGo());

        var downloaded = await go.DownloadAsync("git.test/lib.git@v1.0.0", "git.test/lib.git@main");
        var listed = await go.GoAsync("list", "-m", "-versions", "git.test/lib.git@latest");

        Assert.Equal(["git.test/lib.git@v1.0.0", $"git.test/lib.git@v1.0.1-0.{made.Stamp(3)}"], downloaded.Keys);
        Assert.Equal("git.test/lib.git v1.0.0", listed.Trim());
    }

    [Fact]
    public async Task Module_ThatNobodyProves_IsNotServed()
    {
        new ScriptedRepository("lib").Commit(("go.mod", "module git.test/lib.git\n")).Tag("v1.0.0").Make(_repositories.Path);
        await using var silo = await StartAsync();

        Assert.Equal("checksum-unknown", (await AskAsync(silo, "/git.test/lib.git/@v/v1.0.0.mod")).Cause);
        Assert.Equal((HttpStatusCode.OK, null), await AskAsync(silo, "/git.test/lib.git/@v/v1.0.0.info"));
        Assert.Equal((HttpStatusCode.NotFound, "not-found"), await AskAsync(silo, "/git.test/lib.git/@v/v2.0.0+incompatible.info"));
    }

    // One host that is away says nothing of the others.
    [Fact]
    public async Task Hosts_ThatAreAway_ShutNoOtherOut()
    {
        new ScriptedRepository("lib").Commit(("go.mod", "module git.test/lib.git\n")).Tag("v1.0.0").Make(_repositories.Path);
        await using var silo = await StartAsync(("Direct:Rewrites:1", "https://away.test/=https://127.0.0.1:1/"), ("Upstreams:BreakerThreshold", "1"));

        for (var i = 0; i < 4; i++)
            Assert.Equal((HttpStatusCode.BadGateway, "upstream-unavailable"), await AskAsync(silo, $"/away.test/x{i}.git/@v/list"));
        Assert.Equal((HttpStatusCode.OK, null), await AskAsync(silo, "/git.test/lib.git/@v/list"));
        Assert.Equal(0, silo.Services.GetRequiredService<ProxyMetrics>().Traffic.Read().FetchFailures);
    }

    public void Dispose() => _repositories.Dispose();

    private Task<TestSilo> StartAsync(params (string Key, string Value)[] settings) => TestSilo.StartAsync(
        [("Upstreams:List", "direct"), ("Direct:Rewrites:0", $"https://git.test/=file://{_repositories.Path}/"), .. settings]);

    private static async Task<(HttpStatusCode Status, string? Cause)> AskAsync(TestSilo silo, string path)
    {
        using var answer = await silo.Http.GetAsync(path, Cancellation);
        return (answer.StatusCode, answer.Headers.TryGetValues("X-ProxyCluster-Cause", out var causes) ? causes.Single() : null);
    }
}
