using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ProxyCluster.GoModules.Advisories;

namespace ProxyCluster.Cli;

/// <summary>What <c>vuln --json</c> prints.</summary>
/// <param name="Database">What was judged by.</param>
/// <param name="Advisories">How many records it had, or had about what was asked for.</param>
/// <param name="Broken">Records that could not be read.</param>
/// <param name="Checked">Versions that were judged.</param>
/// <param name="Findings">What affects them.</param>
internal sealed record VulnReport(string Database, int Advisories, int Broken, int Checked, IReadOnlyList<VulnFinding> Findings)
{
    /// <summary>Who was given what is affected; null where that was not asked for.</summary>
    public IReadOnlyList<VulnServed>? Served { get; init; }
}

/// <summary>One advisory that affects one version.</summary>
internal sealed record VulnFinding(
    string Id,
    IReadOnlyList<string> Aliases,
    string Module,
    string Version,
    string? FirstFixed,
    string Summary,
    string? Severity,
    double? Score,
    DateTimeOffset? Published,
    DateTimeOffset? Modified,
    IReadOnlyList<string> Readings)
{
    /// <summary>The finding for a match.</summary>
    public static VulnFinding Of(VulnSubject subject, AdvisoryMatch match) => new(
        match.Id,
        match.Advisory.Aliases,
        subject.Module,
        subject.Version,
        match.FirstFixed,
        match.Advisory.Summary,
        match.Advisory.Severity?.Level.ToString().ToUpperInvariant(),
        match.Advisory.Severity?.Score,
        match.Advisory.Published,
        match.Advisory.Modified,
        [.. new[] { AdvisoryReadings.Govulncheck, AdvisoryReadings.Record }.Where(reading => match.By.HasFlag(reading)).Select(static reading => reading == AdvisoryReadings.Record ? "record" : "govulncheck")]);
}

/// <summary>How it is printed.</summary>
[JsonSerializable(typeof(VulnReport))]
internal sealed partial class VulnJson : JsonSerializerContext
{
    private static readonly JsonSerializerOptions Unescaped = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,

        // Read in a terminal, not put into a page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>For a terminal.</summary>
    public static VulnJson Plain { get; } = new(Unescaped);
}
