using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Cli;

namespace ProxyCluster.Tests.Advisories;

/// <summary>What <c>vuln</c> says of a go.mod is what the real <c>govulncheck -scan module</c> says, row by row.</summary>
[Trait("Needs", "newer-go")]
public sealed class GovulncheckTests : IDisposable
{
    private const int Mains = 200;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly ScratchDirectory _directory = new();

    [Fact]
    public async Task Vuln_GeneratedGoMods_SaysWhatGovulncheckSays()
    {
        // 1. The world.
        var world = new GeneratedAdvisories(20_260_116);
        world.Write(_directory["db"], 250);
        var mains = Enumerable.Range(0, Mains).Select(i => (Directory: _directory[$"main{i}"], Release: world.Release())).ToList();
        foreach (var (directory, _) in mains)
            world.WriteMain(directory);

        // 2. Both are asked. A fix is compared where govulncheck reads all that the record says, and in one part: findings/govulncheck-fix-that-is-affected.sh.
        var rows = new ConcurrentBag<Row>();
        var differences = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(mains, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = TestContext.Current.CancellationToken }, async (main, _) =>
        {
            var theirs = await GovulncheckAsync(main.Directory, main.Release);
            var ours = await VulnAsync(main.Directory, main.Release);
            foreach (var row in theirs)
                rows.Add(row);
            if (!Comparable(theirs).SequenceEqual(Comparable(ours)))
                differences.Add($"{main}: only govulncheck: {string.Join(' ', Comparable(theirs).Except(Comparable(ours)))}; only we: {string.Join(' ', Comparable(ours).Except(Comparable(theirs)))}");
        });
        Assert.True(differences.IsEmpty, string.Join('\n', differences.Take(5)));

        // 3. It was worth it.
        Assert.InRange(rows.Count, 1_000, 100_000);
        foreach (var sort in (string[])["+incompatible", "-abcdefabcdef", "-rc.1", "v2.", "-alpha"])
            Assert.Contains(rows, row => row.Version.Contains(sort, StringComparison.Ordinal));
        Assert.Contains(rows, static row => row.Module == "stdlib");
        Assert.Contains(rows, static row => row.Module.StartsWith("fork.example.com/", StringComparison.Ordinal));
        Assert.Contains(rows, row => row.Fixed is not null && world.Plain.Contains((row.Id, row.Module)));

        IEnumerable<Row> Comparable(IEnumerable<Row> all) => all
            .Select(row => world.Plain.Contains((row.Id, row.Module)) ? row : row with { Fixed = null })
            .Distinct()
            .OrderBy(static row => row.ToString(), StringComparer.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private async Task<List<Row>> GovulncheckAsync(string main, string release)
    {
        var go = Path.GetDirectoryName(GoWorkspace.NewerGo())!;
        var result = await ChildProcess.RunAsync(
            GoWorkspace.Govulncheck(),
            ["-scan", "module", "-json", "-db", "file://" + _directory["db"]],
            new Dictionary<string, string>
            {
                ["PATH"] = $"{go}:{Environment.GetEnvironmentVariable("PATH")}",
                ["HOME"] = _directory["home"],
                ["GOTOOLCHAIN"] = "local",
                ["GOPROXY"] = "off",
                ["GOFLAGS"] = "-mod=vendor",
                ["GOVERSION"] = release, // which standard library it judges
            },
            Limit,
            main);
        Assert.True(result.ExitCode == 0, result.Errors);

        // One object after the other.
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(result.Output), new JsonReaderOptions { AllowMultipleValues = true });
        var rows = new List<Row>();
        while (reader.Read())
        {
            using var message = JsonDocument.ParseValue(ref reader);
            if (message.RootElement.TryGetProperty("finding", out var finding))
            {
                var at = finding.GetProperty("trace")[0];
                rows.Add(new Row(Text(finding, "osv")!, Text(at, "module")!, Text(at, "version")!, Text(finding, "fixed_version")));
            }
        }

        return rows;
    }

    private async Task<List<Row>> VulnAsync(string main, string release)
    {
        var call = await CommandLineCall.RunAsync("vuln", Path.Combine(main, "go.mod"), "stdlib@" + release, "--vulndb", _directory["db"], "--json");
        Assert.Contains(call.Status, (int[])[0, 3]);
        Assert.Equal("", call.Error);
        using var report = JsonDocument.Parse(call.Out);
        return [.. report.RootElement.GetProperty("findings").EnumerateArray()
            .Where(static finding => finding.GetProperty("readings").EnumerateArray().Any(static reading => reading.GetString() == "govulncheck"))
            .Select(static finding => new Row(Text(finding, "id")!, Text(finding, "module")!, Text(finding, "version")!, Text(finding, "firstFixed")))];
    }

    private static string? Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) ? value.GetString() : null;

    private sealed record Row(string Id, string Module, string Version, string? Fixed);
}
