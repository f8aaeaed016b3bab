using System.Diagnostics;
using System.Globalization;
using ProxyCluster.Benchmarks.Measuring;
using ProxyCluster.Drills.Topology;
using ProxyCluster.TestKit.Clusters;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Benchmarks.Growth;

/// <summary>
/// What clients in three regions wait for one zip that nobody has: their p99 against what upstream itself takes plus the
/// time between the home region and the one farthest from it.
/// </summary>
internal static class WaitingFigures
{
    private const int Clients = 150;
    private static readonly TimeSpan UpstreamTime = TimeSpan.FromMilliseconds(500);

    public static async Task MeasureAsync(Report report, Effort effort)
    {
        var rounds = Math.Max(5, effort.Rounds);
        await using var system = await ClusterSystem.StartAsync(
            modules: rounds + 20, zipBytes: 60_000, change: static s => s with { Distances = Distance.World });
        var doors = system.Cluster.FrontEnds.Select(static door => door.Url).ToList();

        // Compilers and connections first.
        for (var n = 0; n < 20; n++)
            await AskAllAsync(system, doors, n, 30);

        system.World.Upstream.Faults.Always("*", Fault.Delay(UpstreamTime));
        var ratios = new List<double>();
        var waited = new List<double>();
        var direct = new List<double>();
        var fetches = 0;
        for (var n = 40; n < 40 + rounds; n++)
        {
            var path = system.World.PathOf(n, ".zip");
            var home = system.OwnersOf(system.World.Modules[n].Module.ToString())[0].Region;
            var tally = await AskAllAsync(system, doors, n, Clients);
            fetches = Math.Max(fetches, system.World.Upstream.Requests("/" + path));
            var began = Stopwatch.GetTimestamp();
            await system.Http.GetByteArrayAsync(new Uri(system.World.Upstream.Url + "/" + path));
            var own = Stopwatch.GetElapsedTime(began).TotalSeconds;
            var farthest = Distance.World.Where(d => d.From == home || d.To == home).Max(static d => d.RoundTrip.TotalSeconds);
            ratios.Add(tally.Percentile(0.99) / (own + farthest));
            waited.Add(tally.Percentile(0.99));
            direct.Add(own + farthest);
        }

        report.Add($"{Clients} clients of three regions wait for one zip: {rounds} zips",
        [
            new Finding(GrowthScenario.Name, "p99 of the waiters", "x upstream's own time + distance", Series.Of(ratios), Target.Max(1.3),
                string.Create(CultureInfo.InvariantCulture,
                    $"s {Series.Of(waited).Median:0.00} to {Series.Of(direct).Median:0.00}; upstream was asked {fetches} x at most")),
        ]);
    }

    private static async Task<Tally> AskAllAsync(ClusterSystem system, List<Uri> doors, int module, int clients)
    {
        var tally = new Tally();
        var path = system.World.PathOf(module, ".zip");
        var expected = system.World.BodyOf(path);
        await Task.WhenAll(Enumerable.Range(0, clients).Select(i =>
            tally.AskAsync(system.Http, doors[i % doors.Count], path, expected, CancellationToken.None)));
        return tally.Failed + tally.WrongBytes == 0 ? tally : throw new InvalidOperationException(tally.ToString());
    }
}
