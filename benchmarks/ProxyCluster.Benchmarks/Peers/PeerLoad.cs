using System.Globalization;
using ProxyCluster.Benchmarks.Running;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Benchmarks.Peers;

/// <summary>What one burst on all paths of a kind found.</summary>
/// <param name="PerSecond">Requests per second.</param>
/// <param name="P50">Median latency in milliseconds, under full load.</param>
/// <param name="P95">95th percentile of it.</param>
/// <param name="P99">99th percentile of it.</param>
internal sealed record PeerLoad(double PerSecond, double P50, double P95, double P99)
{
    // One thread asks for the paths one after the other, so that every burst on every peer is the same. wrk's own report
    // knows no 95th percentile.
    private const string Script = """
        local requests, at = {}, 0
        function init(arguments)
          for target in io.lines(arguments[1]) do requests[#requests + 1] = wrk.format("GET", target) end
        end
        function request()
          at = at % #requests + 1
          return requests[at]
        end
        function done(summary, latency)
          local e = summary.errors
          print(string.format("came to %d %d %d %d %d %d", summary.requests, summary.duration,
            latency:percentile(50), latency:percentile(95), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
        end
        """;

    /// <summary>Asks a peer for the paths in turn, on a fixed number of connections.</summary>
    public static async Task<PeerLoad> MeasureAsync(
        ScratchDirectory scratch, Peer peer, IEnumerable<string> paths, int connections, int seconds)
    {
        var (script, targets) = (scratch["peers.lua"], scratch["targets"]);
        await File.WriteAllTextAsync(script, Script);
        await File.WriteAllLinesAsync(targets, paths.Select(peer.TargetOf));
        var output = await MeasuredProcess.RunAsync(
            Tools.Wrk,
            ["-t1", $"-c{connections}", $"-d{seconds}s", "--timeout", "10s", "-s", script, peer.Url.GetLeftPart(UriPartial.Authority), targets],
            null,
            TimeSpan.FromSeconds(seconds + 30));
        return Parse(output) ?? throw new InvalidOperationException($"{peer.Name} did not answer every request:\n{output}");
    }

    /// <summary>Reads what the script printed; null where a request failed or none was answered.</summary>
    internal static PeerLoad? Parse(string output) =>
        output.Split('\n').FirstOrDefault(static line => line.StartsWith("came to ", StringComparison.Ordinal)) is { } line
        && line.Split(' ')[2..].Select(static number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray()
            is [> 0 and var requests, var micros, var p50, var p95, var p99, 0]
            ? new PeerLoad(requests * 1e6 / micros, p50 / 1000, p95 / 1000, p99 / 1000)
            : null;
}
