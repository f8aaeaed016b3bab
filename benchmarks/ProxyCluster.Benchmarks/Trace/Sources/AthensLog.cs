using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ProxyCluster.Benchmarks.Trace.Sources;

/// <summary>
/// What Athens logs of a request ("incoming request") with <c>LogFormat</c> json, its cloud provider's names of time and
/// message included, or plain. It says neither client nor size. The status may be coloured for a terminal.
/// </summary>
internal static partial class AthensLog
{
    /// <summary>Reads a line; null for one that tells of no GET.</summary>
    public static LogLine? ParseOrNull(string line) => line.StartsWith('{') ? FromJsonOrNull(line) : FromPlainOrNull(line);

    private static LogLine? FromJsonOrNull(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            return Of(name => root.TryGetProperty(name, out var value) ? value.ToString() : null);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static LogLine? FromPlainOrNull(string line)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (Match match in Field().Matches(line))
            fields[match.Groups["name"].Value] = match.Groups["quoted"].Success ? Regex.Unescape(match.Groups["quoted"].Value) : match.Groups["bare"].Value;
        return Of(fields.GetValueOrDefault);
    }

    private static LogLine? Of(Func<string, string?> field) =>
        field("http-method") == "GET"
        && field("http-path") is { } path
        && field("http-status") is { } status
        && Status().Match(status) is { Success: true } code
        && DateTimeOffset.TryParse(field("time") ?? field("timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? new LogLine(time, "", path, int.Parse(code.ValueSpan, CultureInfo.InvariantCulture), null)
            : null;

    [GeneratedRegex("""(?<name>[\w-]+)=(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<bare>\S*))""")]
    private static partial Regex Field();

    [GeneratedRegex(@"(?<!\d)\d{3}(?!\d)")]
    private static partial Regex Status();
}
