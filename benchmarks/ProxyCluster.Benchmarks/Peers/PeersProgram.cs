using System.Globalization;
using ProxyCluster.Benchmarks.Measuring;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Benchmarks.Peers;

/// <summary>Any GOPROXYs with the same load, in turns: requests per second and latency, held against the first one's.</summary>
internal static class PeersProgram
{
    /// <summary>The word on the command line that leads here, and the scenario's name.</summary>
    public const string Verb = "peers";

    private const int MostShown = 20;

    /// <summary>Measures; 0 where it could, 1 where bodies differ, 2 where the arguments are none.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors)
    {
        if (PeersOptions.ReadOrNull(args, out var error) is not { } options)
        {
            await errors.WriteLineAsync($"cannot use '{error}'\n{PeersOptions.Usage}");
            return 2;
        }

        var modules = options.Modules is { } file ? File.ReadLines(file) : await PeerPaths.OfCorpusAsync();
        var paths = PeerPaths.Of(modules, options.Kinds);
        if (paths.Count == 0)
        {
            await errors.WriteLineAsync("no module version is named");
            return 2;
        }

        // 1. The same work, or none.
        using var client = new HttpClient();
        var differences = await PeerBodies.CompareAsync(client, options.Peers, paths.SelectMany(static kind => kind));
        if (differences.Count > 0)
        {
            await errors.WriteLineAsync($"nothing was measured, {differences.Count} answers are not what they should be:");
            foreach (var difference in differences.Take(MostShown))
                await errors.WriteLineAsync(difference);
            return 1;
        }

        // 2. In turns.
        var report = new Report(output);
        using var scratch = new ScratchDirectory();
        var effort = options.Effort;
        foreach (var kind in paths)
        {
            var turns = await Turns.MeasureAsync(
                effort.Rounds,
                [.. options.Peers.Select(peer => (Func<Task<PeerLoad>>)(() => PeerLoad.MeasureAsync(scratch, peer, kind, effort.Connections, effort.Seconds)))]);
            report.Add(
                $"{ProxyPath.Ending(kind.Key)}, {kind.Count()} artifacts: {effort.Rounds} turns of {effort.Seconds} s each, {effort.Connections} connections",
                [.. options.Peers.Index().Skip(1).SelectMany(peer => Judge(ProxyPath.Ending(kind.Key), options.Peers, peer.Index, turns))]);
        }

        var command = string.Join(' ', ["benchmarks/run", Verb, .. args]);
        if (options.Json is { } json)
            report.WriteJson(json, command);
        if (options.Html is { } html)
            await File.WriteAllTextAsync(html, FindingsPage.Render($"Peers beside {options.Peers[0].Name}", command, report.Findings));
        return 0;
    }

    private static IEnumerable<Finding> Judge(string kind, IReadOnlyList<Peer> peers, int at, IReadOnlyList<IReadOnlyList<PeerLoad>> turns)
    {
        foreach (var (figure, of) in ((string, Func<PeerLoad, double>)[])
            [("req/s", static load => load.PerSecond), ("p50 ms", static load => load.P50), ("p95 ms", static load => load.P95), ("p99 ms", static load => load.P99)])
        {
            var (mine, first) = (Series.Of(turns.Select(turn => of(turn[at]))), Series.Of(turns.Select(turn => of(turn[0]))));
            yield return new Finding(
                Verb, $"{peers[at].Name}, {kind}", $"{figure}, x {peers[0].Name}", Series.Of(turns.Select(turn => of(turn[at]) / of(turn[0]))), null,
                string.Create(CultureInfo.InvariantCulture, $"{mine.Median:0.##} to {first.Median:0.##}"));
        }
    }
}
