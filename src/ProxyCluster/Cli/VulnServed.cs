using System.Globalization;
using ProxyCluster.Audit;
using ProxyCluster.Cli.Auditing;

namespace ProxyCluster.Cli;

/// <summary>That a client was given an affected version, by the audit log.</summary>
/// <param name="Module">The module.</param>
/// <param name="Version">Its version.</param>
/// <param name="Client">Who, as the log tells clients apart.</param>
/// <param name="Times">Downloads, of any of its files.</param>
/// <param name="First">The first of them, UTC.</param>
/// <param name="Last">The last of them, UTC.</param>
internal sealed record VulnServed(string Module, string Version, string Client, long Times, DateTimeOffset First, DateTimeOffset Last)
{
    /// <summary>The events by which somebody was given something.</summary>
    public static string Events { get; } = $"{AuditLine.NameOf(AuditWord.Allow)},{AuditLine.NameOf(AuditWord.Warn)}";

    /// <summary>Who was given what of <paramref name="affected"/>: the last first. Lines are read once, and not kept.</summary>
    public static IReadOnlyList<VulnServed> Find(IEnumerable<AuditLine> lines, IReadOnlySet<VulnSubject> affected)
    {
        var found = new Dictionary<(VulnSubject, string), VulnServed>();
        foreach (var line in lines)
        {
            // A list is about no version, and a branch's name is none.
            if (line is not { Module: { } module, Version: { } version } || !affected.Contains(new(module, version)))
                continue;
            var client = AuditPrint.ClientOf(line) ?? "-";
            var key = (new VulnSubject(module, version), client);
            found[key] = found.TryGetValue(key, out var before)
                ? before with { Times = before.Times + 1, Last = line.Time }
                : new VulnServed(module, version, client, 1, line.Time, line.Time);
        }

        return [.. found.Values.OrderByDescending(static one => one.Last)];
    }

    /// <summary>For a table.</summary>
    public string[] Cells() => [Module, Version, Client, Times.ToString(CultureInfo.InvariantCulture), Day(First), Day(Last)];

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
