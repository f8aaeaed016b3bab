using System.Diagnostics;
using System.Globalization;
using ProxyCluster.Benchmarks.Measuring;
using ProxyCluster.Benchmarks.Running;
using ProxyCluster.Drills.Topology;
using ProxyCluster.TestKit.Clusters;

namespace ProxyCluster.Benchmarks.Growth;

/// <summary>
/// Clusters of one region with 1, 2, 4 and 6 silos, all of them up at once and measured in turns. The engine's traffic is
/// what passes the region's gateway: with one region, that is the members' way to etcd and nothing else.
/// </summary>
internal static class SilosFigures
{
    private const string Region = "tokyo";
    private const int Modules = 40;
    private static readonly int[] Sizes = [1, 2, 4, 6];
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    private sealed record Burst(double PerSecond, double PerProcessorSecond);

    public static async Task MeasureAsync(Report report, Effort effort)
    {
        var systems = new List<ClusterSystem>();
        try
        {
            foreach (var size in Sizes)
                systems.Add(await ClusterSystem.StartAsync(Modules, change: s => s with { Regions = [Region], SilosPerRegion = size }));

            await ThroughputAsync(report, effort, systems);
            await EngineTrafficAsync(report, systems);
        }
        finally
        {
            foreach (var system in systems)
                await system.DisposeAsync();
        }
    }

    private static async Task ThroughputAsync(Report report, Effort effort, List<ClusterSystem> systems)
    {
        foreach (var (way, doorsOf) in new (string, Func<ClusterSystem, Uri[]>)[]
            {
                ("asked directly", static s => [.. s.Cluster.Silos.Select(static silo => silo.Url)]),
                ("through the front end", static s => [s.Cluster.FrontEndOf(Region).Url]),
            })
        {
            // As long for each silo, so that all of them run compiled code.
            foreach (var (i, size) in Sizes.Index())
                await BurstAsync(systems[i], doorsOf(systems[i]), effort.Connections, TimeSpan.FromSeconds(effort.WarmUpSeconds * size));

            var bursts = Sizes.Select(static _ => new List<Burst>()).ToList();
            for (var round = 0; round < effort.Rounds; round++)
            {
                // Up and down in turns: whatever else the machine does meets all sizes.
                var order = Enumerable.Range(0, Sizes.Length);
                foreach (var i in round % 2 == 0 ? order : order.Reverse())
                    bursts[i].Add(await BurstAsync(systems[i], doorsOf(systems[i]), effort.Connections, TimeSpan.FromSeconds(effort.Seconds)));
            }

            report.Add($"Hits on .mod with more silos, {way}: {effort.Rounds} rounds",
            [
                .. Sizes.Index().Skip(1).SelectMany(size => (Finding[])
                [
                    Find(size.Item, "req/s, x 1 silo", static b => b.PerSecond, size.Index),
                    Find(size.Item, "req per server cpu s, x 1 silo", static b => b.PerProcessorSecond, size.Index),
                ]),
            ]);

            Finding Find(int size, string figure, Func<Burst, double> of, int index) => new(
                GrowthScenario.Name, $"{size} silos, {way}", figure,
                Series.Of(bursts[index].Zip(bursts[0], (b, one) => of(b) / of(one))), null,
                string.Create(CultureInfo.InvariantCulture,
                    $"{Series.Of(bursts[index].Select(of)).Median:0} to {Series.Of(bursts[0].Select(of)).Median:0}"));
        }
    }

    private static async Task<Burst> BurstAsync(ClusterSystem system, Uri[] doors, int connections, TimeSpan length)
    {
        var processes = system.Cluster.Processes.Where(static p => p.Kind is ProcessKind.Silo or ProcessKind.FrontEnd)
            .Select(static p => p.ProcessId!.Value).ToList();
        var requests = 0L;
        var before = processes.Sum(ProcessTable.ProcessorSeconds);
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(client => Task.Run(async () =>
        {
            for (var n = client; Stopwatch.GetElapsedTime(began) < length; n++)
            {
                var path = system.World.PathOf(n % system.World.Modules.Count, ".mod");
                using var answer = await system.Http.GetAsync(new Uri(doors[n % doors.Length], "/" + path));
                answer.EnsureSuccessStatusCode();
                Interlocked.Increment(ref requests);
            }
        })));
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return new Burst(requests / seconds, requests / Math.Max(0.01, processes.Sum(ProcessTable.ProcessorSeconds) - before));
    }

    private static async Task EngineTrafficAsync(Report report, List<ClusterSystem> systems)
    {
        var findings = new List<Finding>();
        var idle = await Task.WhenAll(systems.Select(IdleAsync));
        foreach (var (i, size) in Sizes.Index())
        {
            findings.Add(new Finding(GrowthScenario.Name, $"{size} silos and a front end", "engine bytes per member and s",
                Series.Of([idle[i] / (size + 1)]), null, i == 0
                    ? "" : string.Create(CultureInfo.InvariantCulture, $"{idle[i] / (size + 1) / (idle[0] / 2):0.00} x 1 silo")));
        }

        // What misses add to it. Zips were not asked for before.
        var largest = systems[^1];
        var lane = largest.Cluster.Lanes.Find(Region, Region);
        var tally = new Tally();
        var began = Stopwatch.GetTimestamp();
        var carried = lane.Carried;
        for (var n = 0; n < largest.World.Modules.Count; n++)
        {
            var path = largest.World.PathOf(n, ".zip");
            await tally.AskAsync(largest.Http, largest.Cluster.FrontEndOf(Region).Url, path, largest.World.BodyOf(path), CancellationToken.None);
        }

        if (tally.Failed + tally.WrongBytes > 0)
            throw new InvalidOperationException(tally.ToString());
        var expected = idle[^1] * Stopwatch.GetElapsedTime(began).TotalSeconds;
        findings.Add(new Finding(GrowthScenario.Name, $"{tally.Requests} misses with {Sizes[^1]} silos", "engine bytes, x idle",
            Series.Of([(lane.Carried - carried) / expected]), null,
            string.Create(CultureInfo.InvariantCulture, $"{lane.Carried - carried} to {expected:0} bytes in the same time; a miss asks the engine nothing")));
        report.Add("Engine traffic", findings);
    }

    private static async Task<double> IdleAsync(ClusterSystem system)
    {
        var lane = system.Cluster.Lanes.Find(Region, Region);
        var (began, carried) = (Stopwatch.GetTimestamp(), lane.Carried);
        await Task.Delay(Idle);
        return (lane.Carried - carried) / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
