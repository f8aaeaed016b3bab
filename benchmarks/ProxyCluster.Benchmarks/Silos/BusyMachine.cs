using System.Collections.Concurrent;
using System.Globalization;
using ProxyCluster.EndToEnd.Silos;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Benchmarks.Silos;

/// <summary>
/// Is anybody declared dead who is only slow? Three silos as processes, the one in this process, and as many busy loops
/// as the machine has cores.
/// </summary>
internal static class BusyMachine
{
    /// <summary>True if nobody was.</summary>
    public static async Task<bool> RunAsync(TimeSpan time)
    {
        var (cluster, silos) = await SiloCluster.StartAsync("tokyo", ["tokyo", "frankfurt", "sanjose"]);
        await using var running = cluster;
        var all = cluster.Engine.View.Members.Select(static member => member.Id).ToList();
        var missed = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var (authority, moves) = (cluster.Engine.View.AuthorityId, 0);
        cluster.Engine.ViewChanged += view =>
        {
            foreach (var id in all.Where(id => view.FindOrNull(id) is null))
                missed.AddOrUpdate(id, 1, static (_, n) => n + 1);
            moves += view.AuthorityId == authority ? 0 : 1;
            authority = view.AuthorityId;
        };

        var loops = Enumerable.Range(0, Environment.ProcessorCount)
            .Select(static _ => ChildProcess.Start("sh", ["-c", "while :; do :; done"], new Dictionary<string, string>()))
            .ToList();
        await Task.Delay(time);
        var load = (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0];
        foreach (var loop in loops)
            await loop.DisposeAsync();

        // Whoever was told that it is dead has logged it, also where it was back before anybody looked.
        var told = silos.Where(static silo => silo.Log.Contains("was not in its cluster", StringComparison.Ordinal)).Select(SiloProcesses.IdOf).ToList();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{silos.Length + 1} silos, {loops.Count} busy loops, {time.TotalSeconds:0} s, load {load}: {missed.Count} silos were missed by a view, {told.Count} were told that they are dead; the authority changed {moves} times"));
        return missed.IsEmpty && told.Count == 0;
    }
}
