using System.Diagnostics;
using System.Globalization;
using Orleans.Runtime;
using ProxyCluster.EndToEnd.Silos;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Grains;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Benchmarks.Silos;

/// <summary>
/// How long after a silo's death its grains answer again, elsewhere. Three silos as processes, two of them in the region of
/// who asks; one of those two is killed or frozen in each round, and the same grain is called until it answers. Meanwhile
/// a client asks the surviving silo for module versions that the dead one owned.
/// </summary>
internal static class Deaths
{
    public static async Task RunAsync(int rounds)
    {
        var (cluster, others) = await SiloCluster.StartAsync("tokyo", ["tokyo", "frankfurt"]);
        await using var running = cluster;
        foreach (var isKilled in new[] { true, false })
        {
            var how = isKilled ? "SIGKILL" : "SIGSTOP";
            var verdict = new Figures($"{how}: until a survivor's view is without the silo");
            var answer = new Figures($"{how}: until its grain answers, on another silo");
            var clients = new Figures($"{how}: a client's request for what it owned");
            var failed = 0;
            ProxyProcess? victim = null;
            for (var round = 0; round < rounds; round++)
            {
                victim ??= (await cluster.StartSilosAsync("tokyo"))[0];
                failed += await RoundAsync(cluster, victim, others[0], isKilled, verdict, answer, clients);
                if (isKilled)
                {
                    victim = null;
                }
                else
                {
                    victim.Resume();
                    var id = SiloProcesses.IdOf(victim);
                    await SiloCluster.UntilAsync(() => cluster.Engine.View.FindOrNull(id) is not null);
                }
            }

            Console.WriteLine(Figures.Head);
            Console.WriteLine($"{verdict}\n{answer}\n{clients}");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{how}: clients' requests that failed: {failed}"));
            if (victim is not null)
                await victim.KillAsync();
        }
    }

    private static async Task<int> RoundAsync(
        SiloCluster cluster, ProxyProcess victim, ProxyProcess survivor, bool isKilled, Figures verdict, Figures answer, Figures clients)
    {
        // 1. A grain that lives in the victim.
        var id = SiloProcesses.IdOf(victim);
        var module = cluster.Cold("tokyo", victim);
        for (OwnerWord? word = null; word?.Kind != OwnerWordKind.Done || word.Member != id;)
        {
            word = await CallOrNullAsync(cluster, module);
            if (word is { Kind: OwnerWordKind.Done } && word.Member != id)
                module = cluster.Cold("tokyo", victim); // placed before the view had settled
        }

        // 2. The death.
        if (isKilled)
            await victim.KillAsync();
        else
            victim.Freeze();
        var began = Stopwatch.GetTimestamp();

        // 3. What follows from it.
        using var isOver = new CancellationTokenSource();
        var asking = AskColdAsync(cluster, victim, survivor, clients, isOver.Token);
        var noticing = NoteAsync(verdict, began, () => cluster.Engine.View.FindOrNull(id) is null);
        while (await CallOrNullAsync(cluster, module) is not { Kind: OwnerWordKind.Done } word || word.Member == id)
            await Task.Delay(10);
        answer.Add(Stopwatch.GetElapsedTime(began));
        await noticing;
        await isOver.CancelAsync();
        return await asking;
    }

    private static async Task NoteAsync(Figures figures, long began, Func<bool> condition)
    {
        await SiloCluster.UntilAsync(condition);
        figures.Add(Stopwatch.GetElapsedTime(began));
    }

    private static async Task<OwnerWord?> CallOrNullAsync(SiloCluster cluster, ModuleVersion module)
    {
        try
        {
            return await cluster.Grains.GetGrain<IModuleVersionGrain>(module.ToString())
                .HaveAsync((int)ArtifactKind.Mod, TimeSpan.FromMilliseconds(500), "bench");
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            return null;
        }
    }

    /// <summary>Gives the number of requests that failed.</summary>
    private static async Task<int> AskColdAsync(
        SiloCluster cluster, ProxyProcess dead, ProxyProcess survivor, Figures clients, CancellationToken isOver)
    {
        var failed = 0;
        var modules = Enumerable.Range(0, 400).Select(_ => cluster.Cold("tokyo", dead)).ToList();
        for (var n = 0; n < modules.Count && !isOver.IsCancellationRequested; n++)
        {
            var began = Stopwatch.GetTimestamp();
            try
            {
                await SiloCluster.AskAsync(survivor, modules[n]);
            }
            catch (HttpRequestException e)
            {
                failed++;
                Console.WriteLine(e.Message);
            }

            clients.Add(Stopwatch.GetElapsedTime(began));
            await Task.Delay(20, CancellationToken.None);
        }

        return failed;
    }
}
