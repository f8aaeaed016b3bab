using System.Net;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Audit;

/// <summary>Which lines are asked for: all that is said must hold. Pure.</summary>
internal sealed record AuditFilter
{
    /// <summary>A module's path, or patterns as in GOPRIVATE; null for any.</summary>
    public string? Module { get; init; }

    /// <summary>Its version; null for any.</summary>
    public string? Version { get; init; }

    /// <summary>A client: its address or network, subject, namespace or build; null for any.</summary>
    public string? Client { get; init; }

    /// <summary>From this moment on.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Before this moment.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Events, by their names, separated by commas; null for any but those about the log itself.</summary>
    public string? Decision { get; init; }

    /// <summary>Events that are about the log and nobody else; they are shown where they are named.</summary>
    private static readonly string[] OfTheLog = [.. new[] { AuditWord.File, AuditWord.Start, AuditWord.Stop, AuditWord.Retired, AuditWord.Sealed }.Select(AuditLine.NameOf)];

    /// <summary>Every name of an event.</summary>
    public static IEnumerable<string> Events => Enum.GetValues<AuditWord>().Select(AuditLine.NameOf);

    /// <summary>The filter as the query of an address.</summary>
    public string Write()
    {
        (string Name, string? Value)[] all =
            [("module", Module), ("version", Version), ("client", Client), ("since", Since?.UtcDateTime.ToString("O")), ("until", Until?.UtcDateTime.ToString("O")), ("decision", Decision)];
        return string.Join('&', all.Where(static one => one.Value is not null).Select(static one => $"{one.Name}={Uri.EscapeDataString(one.Value!)}"));
    }

    /// <summary>Reads it, by name; what is wrong with it, or null.</summary>
    public static string? ReadOrFault(Func<string, string?> find, out AuditFilter filter)
    {
        var module = Given("module");
        var version = Given("version");
        if (version is null && module?.IndexOf('@', StringComparison.Ordinal) is > 0 and var at)
            (module, version) = (module[..at], module[(at + 1)..]);
        filter = new AuditFilter { Module = module, Version = version, Client = Given("client"), Decision = Given("decision") };
        foreach (var word in filter.Decision?.Split(',') ?? [])
        {
            if (!Events.Contains(word, StringComparer.Ordinal))
                return $"decision {word}: use {string.Join(", ", Events)}";
        }

        if (!TryTime("since", out var since) || !TryTime("until", out var until))
            return "since and until must be moments such as 2026-11-21T05:00:00Z";
        filter = filter with { Since = since, Until = until };
        return null;

        string? Given(string name) => find(name) is { Length: > 0 } value ? value : null;

        bool TryTime(string name, out DateTimeOffset? time)
        {
            time = null;
            if (Given(name) is not { } text)
                return true;
            var isTime = DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var moment);
            time = moment;
            return isTime;
        }
    }

    /// <summary>May a line that was written in the files' hours be meant? An event waits a moment, and clocks are set.</summary>
    public bool MayBeIn(DateTimeOffset begun, DateTimeOffset? ended) =>
        !(Until <= begun - Slack) && !(Since > ended + Slack);

    private static TimeSpan Slack => TimeSpan.FromHours(2);

    /// <summary>What tells whether a line is meant, made once for all lines.</summary>
    public Predicate<AuditLine> Matcher(AuditAddresses addresses)
    {
        var events = Decision?.Split(',');
        var patterns = Module is null ? null : ModulePathPatterns.Parse(Module);
        var address = IPAddress.TryParse(Client, out var one) ? one : null;
        var network = IPNetwork.TryParse(Client, out var many) ? many : (IPNetwork?)null;
        return line =>
            !(line.Time < Since || line.Time >= Until)
            && (events is null ? !OfTheLog.Contains(line.Event, StringComparer.Ordinal) : events.Contains(line.Event, StringComparer.Ordinal))
            && (patterns is null || (line.Module is { } module && (module == Module || patterns.MatchOrNull(module) is not null)))
            && (Version is null || line.Version == Version)
            && (Client is null || IsClient(line));

        bool IsClient(AuditLine line) =>
            line.Subject == Client || line.Namespace == Client || line.Build == Client || line.Address == Client
            || (address is not null ? addresses.Matches(line.Address, address)
                : network is { } within && IPAddress.TryParse(line.Address, out var known) && within.Contains(known));
    }
}
