using System.Globalization;
using System.Text.RegularExpressions;

namespace ProxyCluster.Benchmarks.Trace.Sources;

/// <summary>nginx's predefined format <c>combined</c>, which Apache and many others write as well.</summary>
internal static partial class NginxLog
{
    /// <summary>Reads a line; null for one that is none of the format, or no GET.</summary>
    public static LogLine? ParseOrNull(string line)
    {
        if (Combined().Match(line) is not { Success: true } match
            || !DateTimeOffset.TryParseExact(
                match.Groups["time"].Value, "dd/MMM/yyyy:HH:mm:ss zzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            return null;
        return new LogLine(
            time,
            match.Groups["client"].Value,
            match.Groups["target"].Value,
            int.Parse(match.Groups["status"].ValueSpan, CultureInfo.InvariantCulture),
            long.TryParse(match.Groups["bytes"].ValueSpan, CultureInfo.InvariantCulture, out var bytes) ? bytes : null);
    }

    [GeneratedRegex("""^(?<client>\S+) \S+ .*?\[(?<time>[^\]]+)\] "GET (?<target>\S+) HTTP/[\d.]+" (?<status>\d{3}) (?<bytes>\d{1,15}|-)(?: |$)""")]
    private static partial Regex Combined();
}
