using System.Globalization;
using ProxyCluster.Benchmarks;
using ProxyCluster.Benchmarks.Audit;
using ProxyCluster.Benchmarks.Cold;
using ProxyCluster.Benchmarks.Direct;
using ProxyCluster.Benchmarks.Front;
using ProxyCluster.Benchmarks.Growth;
using ProxyCluster.Benchmarks.Hits;
using ProxyCluster.Benchmarks.Large;
using ProxyCluster.Benchmarks.Measuring;
using ProxyCluster.Benchmarks.Micro;
using ProxyCluster.Benchmarks.Peers;
using ProxyCluster.Benchmarks.Silos;
using ProxyCluster.Benchmarks.Trace;
using ProxyCluster.TestKit.Processes;

ShortLives.AreOver();
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args is [Drain.Verb, .. var drain])
    return Drain.Run(drain);

if (args is [SilosProgram.Verb, .. var silos])
    return await SilosProgram.RunAsync(silos);

if (args is [TraceProgram.Verb, .. var trace])
    return await TraceProgram.RunAsync(trace);

if (args is [PeersProgram.Verb, .. var peers])
    return await PeersProgram.RunAsync(peers, Console.Out, Console.Error);

return await BenchmarkProgram.RunAsync(args);

/// <summary>The command line: which scenarios, how long, and where the figures go.</summary>
internal static class BenchmarkProgram
{
    private const string Usage = """
        benchmarks/run [hits] [large] [cold] [direct] [micro] [front] [audit] [growth] [--json FILE] [--rounds N] [--seconds N] [--connections N]
        Without names, every scenario runs.
        """;

    private static readonly Dictionary<string, Func<Report, Effort, Task>> Scenarios = new()
    {
        ["hits"] = HitsScenario.RunAsync,
        ["large"] = LargeScenario.RunAsync,
        ["cold"] = ColdScenario.RunAsync,
        [DirectScenario.Name] = DirectScenario.RunAsync,
        ["micro"] = MicroScenario.RunAsync,
        [FrontScenario.Name] = FrontScenario.RunAsync,
        [AuditScenario.Name] = AuditScenario.RunAsync,
        [GrowthScenario.Name] = GrowthScenario.RunAsync,
    };

    public static async Task<int> RunAsync(string[] args)
    {
        var names = new List<string>();
        string? json = null;
        var effort = new Effort();
        for (var i = 0; i < args.Length; i++)
        {
            var value = i + 1 < args.Length ? args[i + 1] : null;
            var number = int.TryParse(value, CultureInfo.InvariantCulture, out var n) && n > 0 ? n : (int?)null;
            switch (args[i])
            {
                case "--json" when value is not null:
                    json = Path.GetFullPath(value);
                    i++;
                    break;
                case "--rounds" when number is { } rounds:
                    effort = effort with { Rounds = rounds, ColdRounds = rounds };
                    i++;
                    break;
                case "--seconds" when number is { } seconds:
                    effort = effort with { Seconds = seconds };
                    i++;
                    break;
                case "--connections" when number is { } connections:
                    effort = effort with { Connections = connections };
                    i++;
                    break;
                case var name when Scenarios.ContainsKey(name):
                    names.Add(name);
                    break;
                default:
                    await Console.Error.WriteLineAsync($"cannot use '{args[i]}'\n{Usage}");
                    return 2;
            }
        }

        var report = new Report(Console.Out);
        foreach (var name in names.Count == 0 ? [.. Scenarios.Keys] : names)
        {
            try
            {
                await Scenarios[name](report, effort);
            }
            catch (ToolMissingException missing)
            {
                report.LeftOut(name, missing.Message);
            }
        }

        if (json is not null)
            report.WriteJson(json, string.Join(' ', ["benchmarks/run", .. args]));
        return report.Findings.Any(f => f.Met == false) ? 1 : 0;
    }
}
