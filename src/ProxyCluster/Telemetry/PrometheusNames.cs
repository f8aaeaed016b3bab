using System.Text;

namespace ProxyCluster.Telemetry;

/// <summary>
/// From OpenTelemetry's names to Prometheus' (OpenTelemetry specification, "Prometheus and OpenMetrics compatibility"):
/// dots become underscores, the unit is spelled out at the end, counters end with <c>_total</c>.
/// </summary>
internal static class PrometheusNames
{
    private static readonly Dictionary<string, string> UnitWords = new(StringComparer.Ordinal)
    {
        ["d"] = "days",
        ["h"] = "hours",
        ["min"] = "minutes",
        ["s"] = "seconds",
        ["ms"] = "milliseconds",
        ["us"] = "microseconds",
        ["ns"] = "nanoseconds",
        ["By"] = "bytes",
        ["KiBy"] = "kibibytes",
        ["MiBy"] = "mebibytes",
        ["GiBy"] = "gibibytes",
        ["%"] = "percent",
        ["Cel"] = "celsius",
        ["Hz"] = "hertz",
        ["J"] = "joules",
        ["W"] = "watts",
    };

    /// <summary>The family's name for an instrument's name and unit.</summary>
    public static string Metric(string instrument, string? unit, MetricKind kind)
    {
        var name = Clean(instrument, ':');
        var word = UnitWord(unit, kind);
        if (word.Length > 0 && !name.EndsWith("_" + word, StringComparison.Ordinal) && name != word)
            name += "_" + word;
        if (kind == MetricKind.Counter && !name.EndsWith("_total", StringComparison.Ordinal))
            name += "_total";
        return name;
    }

    /// <summary>The labels as they are printed, sorted by name so that their order in a call does not matter.</summary>
    public static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        var sorted = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in labels)
        {
            var name = Clean(key, '_');
            var text = value switch
            {
                bool flag => flag ? "true" : "false",
                IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
                _ => value?.ToString() ?? "",
            };

            // Two keys that clean to one name are joined, as the specification asks.
            sorted[name] = sorted.TryGetValue(name, out var other) ? $"{other};{text}" : text;
        }

        return string.Join(',', sorted.Select(label => $"{label.Key}=\"{EscapeValue(label.Value)}\""));
    }

    /// <summary>A sentence for a HELP line.</summary>
    public static string EscapeHelp(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    /// <summary>A label's value for between quotes.</summary>
    public static string EscapeValue(string text) => EscapeHelp(text).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static string Clean(string name, char alsoAllowed)
    {
        var text = new StringBuilder(name.Length + 1);
        foreach (var letter in name)
        {
            if (text.Length == 0 && char.IsAsciiDigit(letter))
                text.Append('_');
            text.Append(char.IsAsciiLetterOrDigit(letter) || letter == alsoAllowed ? letter : '_');
        }

        return text.Length == 0 ? "_" : text.ToString();
    }

    private static string UnitWord(string? unit, MetricKind kind)
    {
        // An annotation such as {request} is for people.
        if (string.IsNullOrEmpty(unit) || (unit.StartsWith('{') && unit.EndsWith('}')))
            return "";
        if (unit == "1")
            return kind == MetricKind.Gauge ? "ratio" : "";
        var parts = unit.Split('/', 2);
        var word = Word(parts[0]);
        if (parts.Length == 1)
            return word;
        var per = UnitWords.TryGetValue(parts[1], out var plural) ? plural.TrimEnd('s') : Clean(parts[1], '_');
        return word.Length == 0 ? "per_" + per : $"{word}_per_{per}";

        static string Word(string part) =>
            part.StartsWith('{') ? "" : UnitWords.TryGetValue(part, out var known) ? known : Clean(part, '_');
    }
}
