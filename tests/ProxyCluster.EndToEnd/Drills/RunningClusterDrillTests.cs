using System.Globalization;
using System.Text.Json;
using ProxyCluster.Drills;
using ProxyCluster.Drills.Topology;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Clusters;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.EndToEnd.Drills;

/// <summary>Drills on a cluster that was there before, by an operator's order and by commands of the caller.</summary>
[Trait("Needs", "etcd")]
public sealed class RunningClusterDrillTests(RunningClusterDrillTests.Running running, ITestOutputHelper output)
    : IClassFixture<RunningClusterDrillTests.Running>, IDisposable
{
    private const int Modules = 30;
    private const int Warm = 20;
    private const string Region = "frankfurt";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private readonly ScratchDirectory _scratch = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Drain_OfARunningCluster_CostsNothingAndIsUndone()
    {
        var (exit, report) = await DrillAsync("drain", "--token-file", Running.WriteToken(_scratch["token"]), "--cold-modules", running.WriteSums(_scratch["cold"], Warm..));

        Assert.Equal(0, exit);
        Assert.Equal((0, 0, 0), (Number(report, "failed"), Number(report, "wrongBytes"), Number(report, "objectsLost")));
        Assert.Equal(JsonValueKind.Null, report.GetProperty("upstreamFetchesPerArtifactMax").ValueKind);
        Assert.NotEqual(JsonValueKind.Null, report.GetProperty("recoverMs").ValueKind);
        Assert.Contains(report.GetProperty("states").EnumerateArray(), static change =>
            change.GetProperty("region").GetString() == Region && change.GetProperty("state").GetString()!.StartsWith("drained", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Freeze_ByCommandsOfTheCaller_CostsNothing()
    {
        var pids = string.Join(' ', running.System.Cluster.InRegion(Region)
            .Where(static process => process.Kind is ProcessKind.Silo or ProcessKind.FrontEnd).Select(static process => process.ProcessId!.Value.ToString(CultureInfo.InvariantCulture)));
        var (exit, report) = await DrillAsync("region-freeze", "--inject", $"echo stopping $DRILL_REGION; kill -STOP {pids}", "--heal", $"kill -CONT {pids}");

        Assert.Equal(0, exit);
        Assert.Equal((0, 0, 0), (Number(report, "failed"), Number(report, "wrongBytes"), Number(report, "objectsLost")));
        Assert.NotEqual(JsonValueKind.Null, report.GetProperty("detectMs").ValueKind);
    }

    [Fact]
    public async Task Drill_InterruptedInTheMiddle_EndsItsTrouble()
    {
        await using var drill = Start("drain", "--duration", "2m", "--token-file", Running.WriteToken(_scratch["token"]));
        await StateAsync("drained");

        await drill.StopAsync(Limit);

        Assert.Contains("the drill was cut short; ending the trouble", drill.Errors, StringComparison.Ordinal);
        await StateAsync("recovering", "active");
    }

    [Fact]
    public async Task Drill_WithAHashThatIsNotTheRightOne_IsNotBegun()
    {
        var sums = running.WriteSums(_scratch["go.sum"], ..3);
        var lines = await File.ReadAllLinesAsync(sums, Token);
        lines[0] = lines[0][..lines[0].IndexOf(" h1:", StringComparison.Ordinal)] + lines[2][lines[2].IndexOf(" h1:", StringComparison.Ordinal)..];
        await File.WriteAllLinesAsync(sums, lines, Token);

        await using var drill = Start("drain", "--token-file", Running.WriteToken(_scratch["token"]));
        await drill.WaitAsync(Limit);

        Assert.Equal(1, drill.ExitCode);
        Assert.Contains("wrong bytes", drill.Errors, StringComparison.Ordinal);
    }

    private static int Number(JsonElement report, string name) => report.GetProperty(name).GetInt32();

    private async Task<(int Exit, JsonElement Report)> DrillAsync(string scenario, params string[] more)
    {
        running.WriteSums(_scratch["go.sum"], ..Warm);
        var json = _scratch["report.json"];
        await using var drill = Start(scenario, ["--duration", "10s", "--json", json, .. more]);
        await drill.WaitAsync(Limit);
        output.WriteLine(drill.Output + drill.Errors);
        Assert.True(File.Exists(json), drill.Output + drill.Errors);
        using var report = JsonDocument.Parse(await File.ReadAllBytesAsync(json, Token));
        return (drill.ExitCode, report.RootElement.Clone());
    }

    private ChildProcess Start(string scenario, params string[] more)
    {
        if (!File.Exists(_scratch["go.sum"]))
            running.WriteSums(_scratch["go.sum"], ..Warm);
        return ChildProcess.Start(
            "dotnet",
            [
                Repository.Executable, "drill", scenario, "--rate", "30", "--region", Region, "--modules", _scratch["go.sum"],
                "--max-detect", "25s", "--max-reroute", "20s", "--max-recover", "90s",
                .. Flags("--front-end", running.System.Cluster.FrontEnds), .. Flags("--silo", running.System.Cluster.Silos), .. more,
            ],
            new Dictionary<string, string> { ["HOME"] = _scratch.Path, ["TMPDIR"] = _scratch.Path });
    }

    private static IEnumerable<string> Flags(string flag, IEnumerable<ClusterProcess> processes) =>
        processes.SelectMany(process => (string[])[flag, $"{process.Region}={process.Url.OriginalString}"]);

    private async Task StateAsync(params string[] states)
    {
        var other = running.System.Cluster.FrontEnds.First(static door => door.Region != Region);
        await Waiting.UntilAsync(
            async () =>
            {
                var seen = Sighting.Of(other.Name, other.Region, await running.System.Http.GetStringAsync(new Uri(other.Url, "/readyz"), Token));
                return states.Any(state => seen.Regions.GetValueOrDefault(Region)?.StartsWith(state, StringComparison.Ordinal) == true);
            },
            $"{Region} is {string.Join(" or ", states)}");
    }

    /// <summary>One cluster for all of them; each leaves it as it was.</summary>
    public sealed class Running : IAsyncLifetime
    {
        private const string OperatorToken = "0123456789abcdef0123456789abcdef";

        private readonly ScratchDirectory _scratch = new();

        internal ClusterSystem System { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            var tokens = _scratch["tokens"];
            await File.WriteAllTextAsync(tokens, $"operator drill {OperatorToken}\n");
            System = await ClusterSystem.StartAsync(Modules, change: settings => settings with
            {
                Settings = [.. settings.Settings, ("Admin:TokenFile", tokens), .. new DrillSettings(DrillScenarios.All[0], "").Settings],
            });
        }

        public async ValueTask DisposeAsync()
        {
            await System.DisposeAsync();
            _scratch.Dispose();
        }

        internal static string WriteToken(string file)
        {
            File.WriteAllText(file, OperatorToken + "\n");
            return file;
        }

        internal string WriteSums(string file, Range modules)
        {
            File.WriteAllLines(file, System.World.Modules.Take(modules).SelectMany(static packed => (string[])
            [
                $"{packed.Module.Path} {packed.Module.Version} {packed.ZipH1}",
                $"{packed.Module.Path} {packed.Module.Version}/go.mod {packed.GoModH1}",
            ]));
            return file;
        }
    }
}
