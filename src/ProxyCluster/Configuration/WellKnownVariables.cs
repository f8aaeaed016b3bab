namespace ProxyCluster.Configuration;

/// <summary>
/// Environment variables that users have set already for <c>go</c> and OpenTelemetry. They stand in where nothing of
/// ours says otherwise (above the defaults, below every file), and an empty one counts as not set, as it does for
/// <c>go</c>. Only the environment is read: <c>go env -w</c> and GOFLAGS belong to the <c>go</c> command.
/// </summary>
internal static class WellKnownVariables
{
    private static readonly (string Variable, string Key)[] Table =
    [
        ("GOPROXY", SettingKeys.Upstreams),
        ("GOSUMDB", SettingKeys.SumDb),
        ("GOPRIVATE", SettingKeys.Private),
        ("GOPRIVATE", SettingKeys.NoSumDb),
        ("GONOSUMDB", SettingKeys.NoSumDb), // after GOPRIVATE, which is only its default (spec §3)
        ("OTEL_EXPORTER_OTLP_ENDPOINT", SettingKeys.OtlpEndpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", SettingKeys.OtlpProtocol),
        ("OTEL_EXPORTER_OTLP_HEADERS", SettingKeys.OtlpHeaders),
    ];

    /// <summary>The values to use; for a key that two variables name, the later one is the stronger.</summary>
    public static IEnumerable<Setting> Read(IReadOnlyDictionary<string, string> variables)
    {
        foreach (var (variable, key) in Table)
        {
            if (!variables.TryGetValue(variable, out var value) || value.Length == 0)
                continue;
            var source = "environment " + variable;
            if (variable == "GOPROXY" && WithoutDirect(value) is var proxies && proxies != value)
                (value, source) = (proxies, source + " without its direct");
            if (value.Length > 0)
                yield return new Setting(key, value, source);
        }
    }

    /// <summary>
    /// The list up to <c>direct</c>. A developer's GOPROXY nearly always ends with it (it is <c>go</c>'s default), and
    /// there it is the client's own last resort: a client that lists us with <c>,direct</c> still has it. We cannot do it
    /// yet, so a list given to us by name is refused for it; what a shell happens to hold must not keep us from starting.
    /// </summary>
    private static string WithoutDirect(string list)
    {
        for (var start = 0; start < list.Length;)
        {
            var end = list.AsSpan(start).IndexOfAny(',', '|');
            end = end < 0 ? list.Length : start + end;
            if (list.AsSpan(start, end - start).Trim() is "direct")
                return list[..start].TrimEnd(',', '|', ' ');
            start = end + 1;
        }

        return list;
    }
}
