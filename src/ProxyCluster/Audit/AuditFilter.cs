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

    /// <summary>Is it meant?</summary>
    public bool Takes(AuditLine line, AuditAddresses addresses)
    {
        if (line.Time < Since || line.Time >= Until)
            return false;
        if (Decision is null ? OfTheLog.Contains(line.Event, StringComparer.Ordinal) : !Decision.Split(',').Contains(line.Event, StringComparer.Ordinal))
            return false;
        if (Module is not null && (line.Module is null || (line.Module != Module && ModulePathPatterns.Parse(Module).MatchOrNull(line.Module) is null)))
            return false;
        return (Version is null || line.Version == Version) && (Client is null || IsClient(line, addresses));
    }

    private bool IsClient(AuditLine line, AuditAddresses addresses)
    {
        if (line.Subject == Client || line.Namespace == Client || line.Build == Client || line.Address == Client)
            return true;
        if (IPAddress.TryParse(Client, out var one))
            return addresses.Matches(line.Address, one);
        return IPNetwork.TryParse(Client, out var network) && IPAddress.TryParse(line.Address, out var address) && network.Contains(address);
    }
}
