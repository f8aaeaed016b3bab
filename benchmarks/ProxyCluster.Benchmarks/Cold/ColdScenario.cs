using System.Diagnostics;
using System.Globalization;
using ProxyCluster.Benchmarks.Measuring;
using ProxyCluster.Benchmarks.Running;
using ProxyCluster.TestKit.Corpora;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Benchmarks.Cold;

/// <summary>
/// What the proxy costs when it knows nothing: wall time of <c>go mod download</c> of real modules through an empty
/// proxy, against the same straight from upstream. Module upstream and checksum database answer after 50 ms to both, and
/// both verify every module: through the proxy by its mirror alone, straight by the database itself.
/// </summary>
internal static class ColdScenario
{
    private const string Name = "cold";
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(50);

    private sealed record Download(double Seconds, int Modules, int UpstreamRequests, int DatabaseRequests);

    public static async Task RunAsync(Report report, Effort effort)
    {
        var corpus = await Corpus.OpenAsync();
        await using var database = await corpus.StartChecksumDatabaseAsync();
        await using var upstream = UpstreamServer.Start(corpus.Tree);
        using var resolved = await ResolveAsync(upstream, database);

        upstream.Faults.Always("*", Fault.Delay(Delay));
        await using var farDatabase = await DelayedForwarder.StartAsync(database.Url, Delay);
        var sumDb = $"{database.Key} {farDatabase.Url}";

        async Task<Download> Straight() => await MeasureAsync(upstream.Url, sumDb);

        async Task<Download> ThroughProxy()
        {
            using var client = new HttpClient();
            using var data = new ScratchDirectory();
            await using var proxy = await ProxyServer.StartAsync(client, data["data"], upstream.Url, ["--sumdb", sumDb, "--no-sumdb", "none"]);
            return await MeasureAsync(proxy.Url, database.Key);
        }

        async Task<Download> MeasureAsync(string goProxy, string goSumDb)
        {
            using var workspace = new GoWorkspace(goProxy, goSumDb);

            // Without go.sum, so that every hash is proven in this run.
            File.Copy(Path.Combine(resolved.Main, "go.mod"), Path.Combine(workspace.Main, "go.mod"));
            var (files, lookups) = (upstream.TotalRequests, farDatabase.Requests);
            var started = Stopwatch.GetTimestamp();
            var modules = await workspace.DownloadAsync();
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            if (modules.Values.FirstOrDefault(m => m.Error is not null) is { } failed)
                throw new InvalidOperationException($"{failed.Path}@{failed.Version}: {failed.Error}");
            return new Download(seconds, modules.Count, upstream.TotalRequests - files, farDatabase.Requests - lookups);
        }

        // Once unmeasured: page cache and compilers.
        await Straight();
        await ThroughProxy();
        var pairs = await Pairs.MeasureAsync(effort.ColdRounds, ThroughProxy, Straight);
        if (pairs.Any(p => p.A.Modules != p.B.Modules))
            throw new InvalidOperationException("the two ways gave different modules");

        report.Add(
            $"Cold go mod download of {pairs[0].A.Modules} real modules, upstreams {Delay.TotalMilliseconds} ms away: {pairs.Count} pairs",
            [
                new Finding(Name, "wall time", "x direct", Series.Of(pairs.Select(p => p.A.Seconds / p.B.Seconds)), Target.Max(1.25),
                    string.Create(CultureInfo.InvariantCulture,
                        $"s {Series.Of(pairs.Select(p => p.A.Seconds)).Median:F2} to {Series.Of(pairs.Select(p => p.B.Seconds)).Median:F2}")),
                Requests("upstream requests", pairs, d => d.UpstreamRequests),
                Requests("checksum database requests", pairs, d => d.DatabaseRequests),
            ]);
    }

    private static Finding Requests(string subject, IReadOnlyList<(Download A, Download B)> pairs, Func<Download, int> of) => new(
        Name, subject, "x direct", Series.Of(pairs.Select(p => (double)of(p.A) / of(p.B))), null,
        $"{of(pairs[^1].A)} to {of(pairs[^1].B)}");

    private static async Task<GoWorkspace> ResolveAsync(UpstreamServer upstream, ChecksumDatabaseProcess database)
    {
        var workspace = new GoWorkspace(upstream.Url, database.KeyAndUrl);
        await workspace.GoAsync("mod", "init", "example.com/fleet");
        await workspace.GoAsync("get", $"{Corpus.ProgramPackage}@{Corpus.ProgramVersion}");
        return workspace;
    }
}
