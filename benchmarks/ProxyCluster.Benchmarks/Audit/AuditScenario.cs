using System.Globalization;
using ProxyCluster.Benchmarks.Hits;
using ProxyCluster.Benchmarks.Measuring;
using ProxyCluster.Benchmarks.Running;
using ProxyCluster.Benchmarks.Synthetic;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Benchmarks.Audit;

/// <summary>What the audit log costs on hits: none of it, what is written by default, and every download, in turns.</summary>
internal static class AuditScenario
{
    public const string Name = "audit";

    private static readonly (string Label, string Path)[] Subjects = [(".mod", SyntheticModules.Mod), ("60 KB .zip", SyntheticModules.Zip)];

    private static readonly (string Label, string[] Settings)[] Ways =
    [
        ("off", ["--set", "Audit:Enabled=false"]),
        ("decisions", []),
        ("downloads", ["--set", "Audit:Downloads=true"]),
    ];

    public static async Task RunAsync(Report report, Effort effort)
    {
        using var scratch = new ScratchDirectory();
        using var client = new HttpClient();
        var modules = SyntheticModules.Create(scratch["upstream"]);
        foreach (var placement in Pinning.All)
        {
            var silos = new List<Server>();
            try
            {
                foreach (var (label, settings) in Ways)
                {
                    silos.Add(await ProxyServer.StartAsync(
                        client, scratch[$"{placement.Name}-{label}"], modules.Url,
                        ["--sumdb", "off", "--no-sumdb", SyntheticModules.NoSumPatterns, .. settings], placement.ServerCore));
                }

                var findings = new List<Finding>();
                foreach (var (label, path) in Subjects)
                    findings.AddRange(await MeasureAsync($"{label}, {placement.Name}", path, silos, client, placement, effort));
                report.Add($"Audit, {placement.Name}: {effort.Rounds} rounds of {effort.Seconds} s, {effort.Connections} connections", findings);
            }
            finally
            {
                foreach (var silo in silos)
                    await silo.DisposeAsync();
            }
        }
    }

    private static async Task<IReadOnlyList<Finding>> MeasureAsync(string subject, string path, List<Server> silos, HttpClient client, Pinning placement, Effort effort)
    {
        foreach (var silo in silos)
        {
            await silo.ReadyAsync(client, path);
            await Load.MeasureAsync(silo, path, placement, effort.Connections, effort.WarmUpSeconds);
        }

        var turns = await Turns.MeasureAsync(
            effort.Rounds, silos.ConvertAll<Func<Task<Load>>>(silo => () => Load.MeasureAsync(silo, path, placement, effort.Connections, effort.Seconds)));
        return
        [
            .. Enumerable.Range(1, silos.Count - 1).Select(way => new Finding(
                Name, $"{subject}, {Ways[way].Label}", "req/s, x off", Series.Of(turns.Select(turn => turn[way].PerSecond / turn[0].PerSecond)), Target.Min(0.95),
                string.Create(CultureInfo.InvariantCulture,
                    $"req/s {Middle(way, static load => load.PerSecond):F0} to {Middle(0, static load => load.PerSecond):F0}, us/req {Middle(way, static load => load.ServerMicroseconds):F1} to {Middle(0, static load => load.ServerMicroseconds):F1}, p99 ms {Middle(way, static load => load.P99):F2} to {Middle(0, static load => load.P99):F2}"))),
        ];

        double Middle(int way, Func<Load, double> of) => Series.Of(turns.Select(turn => of(turn[way]))).Median;
    }
}
