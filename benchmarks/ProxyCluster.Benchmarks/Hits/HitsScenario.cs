using System.Globalization;
using ProxyCluster.Benchmarks.Measuring;
using ProxyCluster.Benchmarks.Running;
using ProxyCluster.Benchmarks.Synthetic;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Benchmarks.Hits;

/// <summary>Requests per second on what is cached, the proxy against nginx, bursts in turns.</summary>
internal static class HitsScenario
{
    public const string Name = "hits";

    /// <summary>The figure that the costs of a request's pieces must fit in.</summary>
    public const string CostFigure = "server cpu us/req";

    private static readonly (string Label, string Path, Target Target)[] Subjects =
    [
        (".info", SyntheticModules.Info, Target.Min(0.8)),
        (".mod", SyntheticModules.Mod, Target.Min(0.8)),
        ("@v/list", SyntheticModules.List, Target.Min(0.8)),
        ("60 KB .zip", SyntheticModules.Zip, Target.Min(0.6)),
    ];

    public static async Task RunAsync(Report report, Effort effort)
    {
        using var scratch = new ScratchDirectory();
        var modules = SyntheticModules.Create(scratch["upstream"]);
        foreach (var placement in Pinning.All)
        {
            await using var servers = await ServerPair.StartAsync(scratch, modules, placement);
            var findings = new List<Finding>();
            foreach (var (label, path, target) in Subjects)
            {
                // Until the just-in-time compiler has settled on this path.
                await Load.MeasureAsync(servers.Proxy, path, placement, effort.Connections, effort.WarmUpSeconds);
                await Load.MeasureAsync(servers.Nginx, path, placement, effort.Connections, 1);
                var pairs = await Pairs.MeasureAsync(
                    effort.Rounds,
                    () => Load.MeasureAsync(servers.Proxy, path, placement, effort.Connections, effort.Seconds),
                    () => Load.MeasureAsync(servers.Nginx, path, placement, effort.Connections, effort.Seconds));
                findings.AddRange(Judge($"{label}, {placement.Name}", pairs, target));
            }

            report.Add(
                $"Hits, {placement.Name}: {effort.Rounds} pairs of {effort.Seconds} s, {effort.Connections} connections",
                findings);
        }
    }

    private static IEnumerable<Finding> Judge(string subject, IReadOnlyList<(Load A, Load B)> pairs, Target target)
    {
        yield return new Finding(
            Name, subject, "req/s, x nginx", Series.Of(pairs.Select(p => p.A.PerSecond / p.B.PerSecond)), target,
            Note("req/s", pairs, l => l.PerSecond, "F0"));
        yield return new Finding(
            Name, subject, "req per server cpu s, x nginx",
            Series.Of(pairs.Select(p => p.B.ServerMicroseconds / p.A.ServerMicroseconds)), null,
            Note("server busy", pairs, l => l.ServerBusy, "F2") + Note(", client busy", pairs, l => l.ClientBusy, "F2"));
        yield return new Finding(Name, subject, CostFigure, Series.Of(pairs.Select(p => p.A.ServerMicroseconds)), null, "");
        yield return new Finding(
            Name, subject, "p99, x nginx", Series.Of(pairs.Select(p => p.A.P99 / p.B.P99)), null,
            Note("p50 ms", pairs, l => l.P50, "F2") + Note(", p99 ms", pairs, l => l.P99, "F2"));
    }

    private static string Note(string label, IReadOnlyList<(Load A, Load B)> pairs, Func<Load, double> of, string format) =>
        $"{label} {Series.Of(pairs.Select(p => of(p.A))).Median.ToString(format, CultureInfo.InvariantCulture)}"
        + $" to {Series.Of(pairs.Select(p => of(p.B))).Median.ToString(format, CultureInfo.InvariantCulture)}";
}
