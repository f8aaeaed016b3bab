using System.Diagnostics;
using System.Globalization;
using ProxyCluster.Routing;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Benchmarks.Silos;

/// <summary>
/// The loss of a whole region, the authority's: two silos in each of three regions, as processes; both of one region are
/// killed at once, and a client per survivor goes on asking for cold module versions.
/// </summary>
internal static class RegionLoss
{
    public static async Task RunAsync(int rounds)
    {
        // Back in service at once, for the next round. The member in this process is a front end, so it never is the authority.
        string[] regions = ["tokyo", "tokyo", "frankfurt", "frankfurt", "sanjose", "sanjose"];
        var (cluster, all) = await SiloCluster.StartAsync(
            "zurich",
            regions,
            "--set", "Failover:FailedHold=1s", "--set", "Failover:MaxFailedHold=1s", "--set", "Failover:RecoverAfter=1s",
            "--set", "Failover:RecoveryStep=500ms", "--set", "Failover:SuspectHold=1s");
        await using var running = cluster;
        var silos = regions.Zip(all).GroupBy(static pair => pair.First, static pair => pair.Second, StringComparer.Ordinal)
            .ToDictionary(static group => group.Key, static group => group.ToArray(), StringComparer.Ordinal);

        var office = new Figures("until another region has the authority");
        var table = new Figures("until the table says failed");
        var calls = new Figures("a client's request for a cold module version");
        var failed = 0;
        for (var round = 0; round < rounds; round++)
        {
            var lost = cluster.Engine.View.AuthorityOrNull!.Region;
            var before = cluster.Engine.View.Routing;
            using var isOver = new CancellationTokenSource();
            var asking = silos.Where(pair => pair.Key != lost).SelectMany(static pair => pair.Value)
                .Select(silo => AskAsync(cluster, silo, calls, isOver.Token)).ToList();

            await Task.WhenAll(silos[lost].Select(static silo => silo.KillAsync()));
            var began = Stopwatch.GetTimestamp();
            var moving = NoteAsync(office, began, () => cluster.Engine.View.AuthorityOrNull is { } authority && authority.Region != lost);
            await NoteAsync(table, began, () => cluster.Engine.View.Routing.FindOrNull(lost)!.State == RegionState.Failed);
            await moving;
            var after = cluster.Engine.View.Routing;
            await Task.Delay(1000);
            await isOver.CancelAsync();
            failed += (await Task.WhenAll(asking)).Sum();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{lost}: epoch {before.Epoch} to {after.Epoch}: {string.Join("; ", after.Events.Where(change => change.Id > before.LastEventId).Select(static change => $"{change.Epoch} {change.Region} {change.From}-{change.To} {change.Kind}"))}"));

            silos[lost] = await cluster.StartSilosAsync(lost, lost);
        }

        Console.WriteLine(Figures.Head);
        Console.WriteLine($"{office}\n{table}\n{calls}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"clients' requests that failed: {failed}"));
    }

    private static async Task NoteAsync(Figures figures, long began, Func<bool> condition)
    {
        await SiloCluster.UntilAsync(condition);
        figures.Add(Stopwatch.GetElapsedTime(began));
    }

    /// <summary>Gives the number of requests that failed.</summary>
    private static async Task<int> AskAsync(SiloCluster cluster, ProxyProcess silo, Figures calls, CancellationToken isOver)
    {
        var failed = 0;
        while (!isOver.IsCancellationRequested)
        {
            var module = cluster.Cold("", null);
            var began = Stopwatch.GetTimestamp();
            try
            {
                await SiloCluster.AskAsync(silo, module);
            }
            catch (HttpRequestException e)
            {
                failed++;
                Console.WriteLine(e.Message);
            }

            calls.Add(Stopwatch.GetElapsedTime(began));
            await Task.Delay(50, CancellationToken.None);
        }

        return failed;
    }
}
