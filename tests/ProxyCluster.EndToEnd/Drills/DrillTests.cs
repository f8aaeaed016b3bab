using System.Text.Json;
using ProxyCluster.Drills;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.EndToEnd.Drills;

/// <summary>
/// Every scenario in its short form, by the command that operators type. What must never happen is held to zero; how long
/// things take is this machine's business and only held to have an end. <c>docs/drills.md</c> describes the long forms.
/// </summary>
[Trait("Needs", "etcd")]
[Trait("Needs", "corpus")]
public sealed class DrillTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly ScratchDirectory _scratch = new();

    public static TheoryData<string> Scenarios => [.. DrillScenarios.All.Select(static scenario => scenario.Name)];

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task Drill_OfEveryScenario_FailsNoRequestAndLosesNothing(string scenario)
    {
        var (json, html) = (_scratch["report.json"], _scratch["report.html"]);
        string[] go = scenario == "region-kill" ? ["--go", "go"] : [];
        // Six members show what nine do; where members go and come by themselves, a region has more than one.
        var silos = scenario is "region-kill" or "rolling-restart" ? "2" : "1";
        var drill = await ChildProcess.RunAsync(
            "dotnet",
            [
                Repository.Executable, "drill", scenario, "--rate", "30", "--duration", "12s", "--silos", silos, "--max-failed", "0",
                "--max-detect", "25s", "--max-reroute", "20s", "--max-recover", "90s",
                "--json", json, "--html", html, "--dir", _scratch["cluster"], .. go,
            ],
            new Dictionary<string, string> { ["HOME"] = _scratch.Path, ["TMPDIR"] = _scratch.Path },
            Limit);
        output.WriteLine(drill.Output);

        Assert.True(drill.ExitCode == 0, drill.Output + drill.Errors);
        using var report = JsonDocument.Parse(await File.ReadAllBytesAsync(json, TestContext.Current.CancellationToken));
        var root = report.RootElement;
        Assert.Equal(scenario, root.GetProperty("scenario").GetString());
        Assert.Equal((0, 0, 0), (Number("failed"), Number("wrongBytes"), Number("objectsLost")));
        Assert.InRange(Number("requests"), 300, 100_000);
        Assert.NotEqual(JsonValueKind.Null, root.GetProperty("recoverMs").ValueKind);
        if (go.Length > 0)
            Assert.InRange(Number("goRuns"), 1, 1000);
        Assert.Contains("<svg", await File.ReadAllTextAsync(html, TestContext.Current.CancellationToken), StringComparison.Ordinal);

        int Number(string name) => root.GetProperty(name).GetInt32();
    }

    [Fact]
    [Trait("Needs", "redis")]
    public async Task Drill_OfAStoreThatDiesWithItsRegion_OnRedis_FailsNoRequestAndSaysWhatIsMissing()
    {
        var json = _scratch["report.json"];
        var drill = await ChildProcess.RunAsync(
            "dotnet",
            [
                Repository.Executable, "drill", "store-with-region", "--store", "redis", "--silos", "1", "--rate", "20", "--duration", "12s",
                "--json", json, "--dir", _scratch["cluster"],
            ],
            new Dictionary<string, string> { ["HOME"] = _scratch.Path, ["TMPDIR"] = _scratch.Path },
            Limit);
        output.WriteLine(drill.Output);

        Assert.True(drill.ExitCode == 1, drill.Output + drill.Errors);
        using var report = JsonDocument.Parse(await File.ReadAllBytesAsync(json, TestContext.Current.CancellationToken));
        var root = report.RootElement;
        Assert.Equal((0, 0, 0), (root.GetProperty("failed").GetInt32(), root.GetProperty("wrongBytes").GetInt32(), root.GetProperty("objectsLost").GetInt32()));
        Assert.Equal(JsonValueKind.Null, root.GetProperty("detectMs").ValueKind);
        Assert.Contains("expected on this store", root.GetProperty("remarks").EnumerateArray().First().GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drill_ThatBreaksAThreshold_SaysSoAndExitsWithOne()
    {
        var drill = await ChildProcess.RunAsync(
            "dotnet",
            [
                Repository.Executable, "drill", "engine-loss", "--silos", "1", "--rate", "20", "--duration", "5s", "--max-recover", "1ms",
                "--dir", _scratch["cluster"],
            ],
            new Dictionary<string, string> { ["HOME"] = _scratch.Path, ["TMPDIR"] = _scratch.Path },
            Limit);

        Assert.Equal(1, drill.ExitCode);
        Assert.Contains("BROKEN", drill.Output, StringComparison.Ordinal);
        Assert.Contains("time to recover", drill.Output, StringComparison.Ordinal);
    }
}
