using System.Globalization;
using ProxyCluster.Benchmarks.Measuring;
using ProxyCluster.Benchmarks.Running;
using ProxyCluster.Benchmarks.Synthetic;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Benchmarks.Large;

/// <summary>Throughput of a 100 MB zip, and what serving it costs in memory, the proxy against nginx.</summary>
internal static class LargeScenario
{
    private const string Name = "large";
    private const double Mebibyte = 1 << 20;

    private sealed record Transfer(double BytesPerSecond, double ServerSecondsPerGigabyte, double ServerBusy, double ClientBusy);

    public static async Task RunAsync(Report report, Effort effort)
    {
        using var scratch = new ScratchDirectory();
        var modules = SyntheticModules.Create(scratch["upstream"]);
        foreach (var placement in Pinning.All)
        {
            await using var servers = await ServerPair.StartAsync(scratch, modules, placement);
            var findings = new List<Finding>();
            var resident = servers.Proxy.Process.ResidentBytes;
            foreach (var parallel in (int[])[1, 16])
                findings.AddRange(await MeasureAsync(servers, placement, parallel, effort, resident));
            report.Add($"100 MB zip, {placement.Name}: {effort.Rounds} pairs", findings);
        }
    }

    private static async Task<IEnumerable<Finding>> MeasureAsync(
        ServerPair servers, Pinning placement, int parallel, Effort effort, long resident)
    {
        var each = Math.Max(1, 8 / parallel);
        servers.Proxy.Process.ForgetPeak();
        await TransferAsync(servers.Proxy, placement, parallel, each);
        await TransferAsync(servers.Nginx, placement, parallel, each);
        var pairs = await Pairs.MeasureAsync(
            effort.Rounds,
            () => TransferAsync(servers.Proxy, placement, parallel, each),
            () => TransferAsync(servers.Nginx, placement, parallel, each));

        // Over all rounds, the compiler's warm-up included: the worst that an operator would see.
        var growth = (servers.Proxy.Process.PeakBytes - resident) / Mebibyte;
        var subject = $"{parallel} parallel, {placement.Name}";
        return
        [
            new Finding(Name, subject, "bytes/s, x nginx",
                Series.Of(pairs.Select(p => p.A.BytesPerSecond / p.B.BytesPerSecond)), Target.Min(0.7),
                Note("GB/s", pairs, t => t.BytesPerSecond / 1e9)),
            new Finding(Name, subject, "bytes per server cpu s, x nginx",
                Series.Of(pairs.Select(p => p.B.ServerSecondsPerGigabyte / p.A.ServerSecondsPerGigabyte)), null,
                Note("cpu s/GB", pairs, t => t.ServerSecondsPerGigabyte)
                + Note(", server busy", pairs, t => t.ServerBusy) + Note(", client busy", pairs, t => t.ClientBusy)),
            new Finding(Name, subject, "peak RSS growth, MiB", Series.Of([growth]),
                parallel == 16 ? Target.Max(64) : null,
                string.Create(CultureInfo.InvariantCulture, $"from {resident / Mebibyte:F0} MiB after start and one answer to each path")),
        ];
    }

    private static async Task<Transfer> TransferAsync(Server server, Pinning placement, int parallel, int each)
    {
        var before = server.Process.ProcessorSeconds;
        var output = await MeasuredProcess.RunAsync(
            Environment.ProcessPath!,
            [
                typeof(LargeScenario).Assembly.Location, Drain.Verb, new Uri(server.Url).Authority,
                SyntheticModules.HundredMegabytes,
                parallel.ToString(CultureInfo.InvariantCulture), each.ToString(CultureInfo.InvariantCulture),
            ],
            placement.ClientCore,
            TimeSpan.FromMinutes(2));
        var seconds = server.Process.ProcessorSeconds - before;
        var values = output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Select(v => double.Parse(v, CultureInfo.InvariantCulture)).ToArray();
        return new Transfer(values[0] / values[1], seconds / (values[0] / 1e9), seconds / values[1], values[2] / values[1]);
    }

    private static string Note(string label, IReadOnlyList<(Transfer A, Transfer B)> pairs, Func<Transfer, double> of) =>
        string.Create(CultureInfo.InvariantCulture,
            $"{label} {Series.Of(pairs.Select(p => of(p.A))).Median:F2} to {Series.Of(pairs.Select(p => of(p.B))).Median:F2}");
}
