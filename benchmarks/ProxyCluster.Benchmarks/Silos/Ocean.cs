using System.Diagnostics;
using System.Globalization;
using ProxyCluster.Drills.Topology;
using ProxyCluster.TestKit.Clusters;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Benchmarks.Silos;

/// <summary>
/// What a miss costs where regions are as far apart as on earth: three regions of two silos behind front ends, on etcd, every line
/// between regions through a relay that takes its time. A region's client asks for a zip that nobody has, and then those of the
/// other two for the same.
/// </summary>
internal static class Ocean
{
    private const int ZipBytes = 20_000;

    // So many rounds before it counts: lines are opened, and code is compiled.
    private const int WarmUp = 15;

    private static readonly TimeSpan OfUpstream = TimeSpan.FromMilliseconds(50);

    /// <summary>Prints how long clients waited, by how far the next region that had the zip was.</summary>
    /// <param name="rounds">Module versions.</param>
    /// <param name="program">The program's library; null for the built one.</param>
    public static async Task RunAsync(int rounds, string? program)
    {
        await using var system = await ClusterSystem.StartAsync(
            (WarmUp + rounds + 1) / SignedWorld.Versions.Count,
            ZipBytes,
            settings => settings with
            {
                Distances = Distance.World,
                Store = StoreKind.Etcd,
                Program = OwnProgram.Of(program ?? Repository.Executable),
            });
        await system.ConvergeAsync();

        Dictionary<string, Figures> all = new(StringComparer.Ordinal);
        for (var n = 0; n < WarmUp + rounds && n < system.World.Modules.Count; n++)
        {
            var zip = system.World.PathOf(n, ".zip");
            system.World.Upstream.Faults.Always("/" + zip, Fault.Delay(OfUpstream));
            List<string> having = [];
            foreach (var region in Distance.Regions.Skip(n % Distance.Regions.Count).Concat(Distance.Regions.Take(n % Distance.Regions.Count)))
            {
                var began = Stopwatch.GetTimestamp();
                var body = await system.Http.GetByteArrayAsync(new Uri(system.Cluster.FrontEndOf(region).Url, zip));
                var took = Stopwatch.GetElapsedTime(began);
                if (!system.World.BodyOf(zip).Span.SequenceEqual(body))
                    throw new InvalidDataException($"{region} gave other bytes of {zip}");
                if (n >= WarmUp)
                    Of(region, having).Add(took);
                having.Add(region);
            }
        }

        Console.WriteLine(Figures.Head);
        foreach (var (_, figures) in all.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
            Console.WriteLine(figures);

        Figures Of(string region, List<string> having)
        {
            var name = having.Count == 0
                ? string.Create(CultureInfo.InvariantCulture, $"{region}: nobody has it; upstream takes {OfUpstream.TotalMilliseconds:0} ms")
                : string.Create(CultureInfo.InvariantCulture, $"{region}: {having[0]} fetched it, {Between(region, having[0]).TotalMilliseconds:0} ms there and back{(having.Count > 1 ? $"; {having[1]} has it too" : "")}");
            return all.TryGetValue(name, out var figures) ? figures : all[name] = new Figures(name);
        }
    }

    private static TimeSpan Between(string one, string other) =>
        Distance.World.First(distance => (distance.From == one && distance.To == other) || (distance.From == other && distance.To == one)).RoundTrip;
}
