using System.Globalization;
using ProxyCluster.Benchmarks.Hits;
using ProxyCluster.Benchmarks.Measuring;
using ProxyCluster.Benchmarks.Running;
using ProxyCluster.Benchmarks.Synthetic;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Benchmarks.Front;

/// <summary>
/// What a front end costs on hits: a silo asked directly, through a front end that remembers what is hot, and through one
/// whose memory is off, so that every request is passed on. The three ways in turns.
/// </summary>
internal static class FrontScenario
{
    public const string Name = "front";

    private static readonly (string Label, string Path, bool CanBeHot)[] Subjects =
    [
        (".mod", SyntheticModules.Mod, true),
        ("60 KB .zip", SyntheticModules.Zip, true),
        ("@v/list", SyntheticModules.List, false),
    ];

    public static async Task RunAsync(Report report, Effort effort)
    {
        using var scratch = new ScratchDirectory();
        using var client = new HttpClient();
        var modules = SyntheticModules.Create(scratch["upstream"]);
        await File.WriteAllTextAsync(scratch["secret"], "a secret of one benchmark");
        foreach (var placement in Pinning.All)
        {
            // 1. A silo that keeps the list of members, and two front ends beside it. What passes on is ten times as much code as a
            // hit, and would be compiled for good after a minute of load.
            var first = LoopbackPort.Free();
            await using var silo = await MemberAsync(placement, "silo", first);
            await using var hot = await MemberAsync(placement, "frontend", LoopbackPort.Free());
            await using var passing = await MemberAsync(placement, "frontend", LoopbackPort.Free(), "--set", "Storage:MemoryBytes=0");
            var findings = new List<Finding>();
            foreach (var (label, path, canBeHot) in Subjects)
            {
                // 2. In turns: whatever else the machine does meets all ways.
                (Server Server, Server? Behind)[] ways = canBeHot ? [(silo, null), (hot, silo), (passing, silo)] : [(silo, null), (passing, silo)];
                foreach (var (server, behind) in ways)
                {
                    await server.ReadyAsync(client, path);
                    await Load.MeasureAsync(server, path, placement, effort.Connections, 2 * effort.WarmUpSeconds, behind);
                }

                var loads = ways.Select(static _ => new List<Load>()).ToArray();
                for (var round = 0; round < effort.Rounds; round++)
                {
                    var order = Enumerable.Range(0, ways.Length);
                    foreach (var i in round % 2 == 0 ? order : order.Reverse())
                        loads[i].Add(await Load.MeasureAsync(ways[i].Server, path, placement, effort.Connections, effort.Seconds, ways[i].Behind));
                }

                if (canBeHot)
                    findings.AddRange(Judge($"{label}, hot, {placement.Name}", loads[1], loads[0], Target.Min(0.9)));
                findings.AddRange(Judge($"{label}, passed on, {placement.Name}", loads[^1], loads[0], Target.Min(0.5)));
            }

            report.Add(
                $"Through a front end, {placement.Name}: {effort.Rounds} rounds of {effort.Seconds} s, {effort.Connections} connections",
                findings);

            Task<Server> MemberAsync(Pinning where, string role, int port, params string[] more) => ProxyServer.StartAsync(
                client, scratch[$"{where.Name}-{port}"], modules.Url,
                [
                    "--sumdb", "off", "--no-sumdb", SyntheticModules.NoSumPatterns, "--region", "tokyo", "--role", role,
                    "--secret-file", scratch["secret"], "--set", Setting("Silo:Port", port), "--set", Setting("Silo:PrimaryPort", first), .. more,
                ],
                where.ServerCore,
                compilesAtOnce: true);
        }
    }

    private static string Setting(string key, int value) => string.Create(CultureInfo.InvariantCulture, $"{key}={value}");

    private static IEnumerable<Finding> Judge(string subject, List<Load> loads, List<Load> direct, Target target)
    {
        yield return new Finding(
            Name, subject, "req/s, x direct", Of(static (way, silo) => way.PerSecond / silo.PerSecond), target,
            string.Create(CultureInfo.InvariantCulture, $"req/s {Middle(loads, static l => l.PerSecond):F0} to {Middle(direct, static l => l.PerSecond):F0}"));
        yield return new Finding(
            Name, subject, "req per server cpu s, x direct", Of(static (way, silo) => silo.ServerMicroseconds / way.ServerMicroseconds), null,
            string.Create(CultureInfo.InvariantCulture,
                $"us/req {Middle(loads, static l => l.ServerMicroseconds):F1} to {Middle(direct, static l => l.ServerMicroseconds):F1}, p99 ms {Middle(loads, static l => l.P99):F2} to {Middle(direct, static l => l.P99):F2}"));

        Series Of(Func<Load, Load, double> ratio) => Series.Of(loads.Zip(direct, ratio));
    }

    private static double Middle(List<Load> loads, Func<Load, double> of) => Series.Of(loads.Select(of)).Median;
}
