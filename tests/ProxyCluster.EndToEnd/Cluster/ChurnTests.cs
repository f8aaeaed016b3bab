using System.Diagnostics;
using System.Globalization;
using ProxyCluster.Drills.Topology;
using ProxyCluster.TestKit.Clusters;

namespace ProxyCluster.EndToEnd.Cluster;

/// <summary>
/// Silos join, leave, die and come back while clients ask: nobody fails, and each change moves no more keys than it must.
/// 45 s long, or as long as PROXYCLUSTER_TESTS_CHURN says in seconds.
/// </summary>
[Trait("Needs", "etcd")]
public sealed class ChurnTests
{
    private const int Keys = 3000;
    private const double Allowed = 1.5;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static TimeSpan Length => TimeSpan.FromSeconds(
        Environment.GetEnvironmentVariable("PROXYCLUSTER_TESTS_CHURN") is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : 45);

    [Fact]
    public async Task Silos_ThatJoinAndLeaveUnderLoad_FailNobodyAndMoveOnlyTheirKeys()
    {
        var random = new Random(20261121);
        await using var system = await ClusterSystem.StartAsync(modules: 150, change: static s => s with { Distances = Distance.World });
        await using var load = new SteadyLoad(system, system.Cluster.FrontEnds.Select(static door => door.Url), ..);
        var changes = new List<Change>();
        var began = Stopwatch.GetTimestamp();

        while (Stopwatch.GetElapsedTime(began) < Length || changes.Count < 4)
        {
            changes.Add(await ChangeAsync(system, random));
            await load.MoreAsync(20, Token);
        }

        await system.ConvergeAsync();
        var tally = await load.StopAsync();
        var worst = changes.MaxBy(static c => c.Moved / c.Ideal)!;
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{changes.Count} changes ({string.Join(", ", changes.CountBy(static c => c.What).Select(static c => $"{c.Value} x {c.Key}"))}): {tally}\n"
            + $"  moved per change, x ideal: mean {changes.Average(static c => c.Moved / c.Ideal):0.00}, worst {worst.Moved / worst.Ideal:0.00} ({worst.What})"));
        Assert.True(tally.Failed == 0, $"{tally}\n{system.Logs()}");
        Assert.Equal(0, tally.WrongBytes);
        Assert.All(changes, static c => Assert.InRange(c.Moved / c.Ideal, 0, Allowed));
        Assert.Empty(await system.StopAndVerifyAsync());
    }

    private sealed record Change(string What, double Moved, double Ideal);

    private static async Task<Change> ChangeAsync(ClusterSystem system, Random random)
    {
        var region = system.Cluster.Regions[random.Next(system.Cluster.Regions.Count)];
        var before = Running(system);
        var here = before.Where(silo => silo.Region == region).ToList();
        var gone = system.Cluster.Silos.Where(silo => silo.Region == region && silo.ProcessId is null).ToList();
        string what;
        if (gone.Count > 0 && random.Next(2) == 0)
        {
            await system.Cluster.RestartAsync(gone[random.Next(gone.Count)], Token);
            what = "came back";
        }
        else if (here.Count == 1 || (here.Count == 2 && random.Next(3) == 0))
        {
            await system.Cluster.AddSiloAsync(region, Token);
            what = "joined";
        }
        else if (random.Next(2) == 0)
        {
            await here[random.Next(here.Count)].KillAsync();
            what = "died";
        }
        else
        {
            await here[random.Next(here.Count)].StopAsync(TimeSpan.FromSeconds(60));
            what = "left";
        }

        var after = Running(system);
        // A change touches the share of one silo among those of its region, whose share of all is one of the regions'.
        var most = Math.Max(before.Count(s => s.Region == region), after.Count(s => s.Region == region));
        return new Change(what, MovedShare(before, after), 1.0 / system.Cluster.Regions.Count / most);
    }

    private static List<ClusterProcess> Running(ClusterSystem system) => [.. system.Cluster.Silos.Where(static silo => silo.ProcessId is not null)];

    private static double MovedShare(List<ClusterProcess> before, List<ClusterProcess> after) =>
        Enumerable.Range(0, Keys).Count(n =>
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"example.com/module{n}@v1.{n}.0");
            return ClusterSystem.OwnersOf(key, before)[0] != ClusterSystem.OwnersOf(key, after)[0];
        }) / (double)Keys;
}
