using System.Globalization;
using System.Text.RegularExpressions;
using ProxyCluster.Benchmarks.Running;

namespace ProxyCluster.Benchmarks.Hits;

/// <summary>What one burst of load found.</summary>
/// <param name="PerSecond">Requests per second.</param>
/// <param name="P50">Median latency in milliseconds, under full load.</param>
/// <param name="P99">99th percentile of it.</param>
/// <param name="ServerMicroseconds">Processor time of the server, and of the one behind it, per request.</param>
/// <param name="ServerBusy">Share of a core that the server used.</param>
/// <param name="ClientBusy">Share of a core that the load generator used.</param>
internal sealed partial record Load(
    double PerSecond, double P50, double P99, double ServerMicroseconds, double ServerBusy, double ClientBusy)
{
    /// <summary>Asks for one path over and over on a fixed number of connections.</summary>
    public static async Task<Load> MeasureAsync(
        Server server, string path, Pinning placement, int connections, int seconds, Server? behind = null)
    {
        var serverBefore = Busy();
        var clientBefore = ProcessTable.EndedChildrenSeconds();
        var output = await MeasuredProcess.RunAsync(
            Tools.Wrk,
            ["-t1", $"-c{connections}", $"-d{seconds}s", "--timeout", "10s", "--latency", server.Url + path],
            placement.ClientCore,
            TimeSpan.FromSeconds(seconds + 30));
        var serverSeconds = Busy() - serverBefore;
        var clientSeconds = ProcessTable.EndedChildrenSeconds() - clientBefore;

        if (output.Contains("Non-2xx", StringComparison.Ordinal) || output.Contains("Socket errors", StringComparison.Ordinal))
            throw new InvalidOperationException($"{server.Name} did not answer every request of {path}:\n{output}");

        var total = Total().Match(output);
        var requests = double.Parse(total.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        var elapsed = Milliseconds(total.Groups[2], total.Groups[3]) / 1000;
        return new Load(
            requests / elapsed,
            Percentile(output, "50"),
            Percentile(output, "99"),
            serverSeconds * 1e6 / requests,
            serverSeconds / elapsed,
            clientSeconds / elapsed);

        double Busy() => server.Process.ProcessorSeconds + (behind?.Process.ProcessorSeconds ?? 0);
    }

    private static double Percentile(string output, string which)
    {
        var line = Percentiles().Matches(output).First(m => m.Groups[1].Value == which);
        return Milliseconds(line.Groups[2], line.Groups[3]);
    }

    private static double Milliseconds(Group number, Group unit) =>
        double.Parse(number.ValueSpan, CultureInfo.InvariantCulture) * unit.Value switch
        {
            "us" => 0.001,
            "ms" => 1,
            "s" => 1000,
            _ => 60_000,
        };

    [GeneratedRegex(@"(\d+) requests in ([\d.]+)(us|ms|s|m),")]
    private static partial Regex Total();

    [GeneratedRegex(@"^\s+(\d+)%\s+([\d.]+)(us|ms|s|m)\s*$", RegexOptions.Multiline)]
    private static partial Regex Percentiles();
}
