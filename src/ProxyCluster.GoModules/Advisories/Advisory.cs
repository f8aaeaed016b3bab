using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ProxyCluster.GoModules.Advisories;

/// <summary>
/// An advisory, with what judging module versions needs of an OSV record of the Go vulnerability database or of another one.
/// </summary>
/// <remarks>
/// What the record says of packages and symbols is left out: a proxy serves modules, so a module version counts as affected
/// when some package of it is, as for <c>govulncheck -scan module</c>.
/// </remarks>
public sealed partial class Advisory
{
    /// <summary>Largest record that is read, in bytes. Real ones have at most some ten thousand.</summary>
    public const int MaxSize = 1 << 20;

    private const int MaxSummary = 200;

    private readonly AffectedPart[] _parts;

    private Advisory(OsvRecord record)
    {
        Id = record.Id!;
        Aliases = [.. (record.Aliases ?? []).Where(static alias => alias is not null && IsId(alias)).Distinct(StringComparer.Ordinal)!];
        Summary = record.Summary is { Length: > MaxSummary } summary ? string.Concat(summary.AsSpan(0, MaxSummary), "…") : record.Summary ?? "";
        (Published, Modified, Withdrawn) = (record.Published, record.Modified, record.Withdrawn);
        Severity = SeverityOrNull(record);
        _parts = [.. (record.Affected ?? []).Select(AffectedPart.OfOrNull).OfType<AffectedPart>()];
        Modules = [.. _parts.Select(static part => part.Module).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Its name, such as <c>GO-2024-2687</c>.</summary>
    public string Id { get; }

    /// <summary>Its names in other databases: <c>CVE-…</c>, <c>GHSA-…</c>.</summary>
    public IReadOnlyList<string> Aliases { get; }

    /// <summary>One line about it; empty where the record has none.</summary>
    public string Summary { get; }

    /// <summary>When it was published.</summary>
    public DateTimeOffset? Published { get; }

    /// <summary>When it was changed last.</summary>
    public DateTimeOffset? Modified { get; }

    /// <summary>From when on it is not in force any more; null while nothing is said of it.</summary>
    public DateTimeOffset? Withdrawn { get; }

    /// <summary>How bad it is, where it says so.</summary>
    public AdvisorySeverity? Severity { get; }

    /// <summary>The modules that it is about, in its letters; <c>stdlib</c> and <c>toolchain</c> among them.</summary>
    public IReadOnlyList<string> Modules { get; }

    /// <summary>A name that advisories have, and that is safe as a file's.</summary>
    public static bool IsId(string text) => IdPattern().IsMatch(text);

    /// <summary>Reads a record, in JSON; otherwise says in one sentence why not.</summary>
    public static bool TryParse(ReadOnlySpan<byte> json, [NotNullWhen(true)] out Advisory? advisory, [NotNullWhen(false)] out string? error)
    {
        (advisory, error) = (null, null);
        if (json.Length > MaxSize)
        {
            error = $"it has more than {MaxSize} bytes";
            return false;
        }

        try
        {
            var record = JsonSerializer.Deserialize(json, OsvJson.Default.OsvRecord);
            if (record?.Id is not { } id || !IsId(id))
                error = "it has no id";
            else
                advisory = new Advisory(record);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter: a string that is no UTF-16, such as half of a surrogate pair.
            error = e is JsonException { Path: { } path } ? $"not valid JSON, at {path}" : "not valid JSON";
        }

        return advisory is not null;
    }

    /// <summary>By which readings is a version of a module affected? Those of all parts count together.</summary>
    /// <param name="module">The module path, or <c>stdlib</c> or <c>toolchain</c>; compared with case.</param>
    /// <param name="version">A version with its <c>v</c>.</param>
    public AdvisoryReadings Affects(string module, string version)
    {
        var by = AdvisoryReadings.None;
        foreach (var part in _parts)
        {
            if (part.Module == module)
                by |= part.Affects(version);
        }

        return by;
    }

    /// <summary>
    /// The least version above an affected one that is named as a fix and is not affected itself, by the record's whole reading
    /// if that has the version affected; null where there is none.
    /// </summary>
    /// <remarks>
    /// govulncheck asks this of the parts alone that the version is in, and so may name a version that it reports itself, where
    /// a record has several parts about a module.
    /// </remarks>
    public string? FirstFixedOrNull(string module, string version)
    {
        var reading = Affects(module, version).HasFlag(AdvisoryReadings.Record) ? AdvisoryReadings.Record : AdvisoryReadings.Govulncheck;
        return _parts.Where(part => part.Module == module)
            .SelectMany(static part => part.Fixes)
            .Where(fix => Names.Semver.Compare(version, fix) < 0)
            .Order(Names.Semver.Order)
            .FirstOrDefault(fix => !Affects(module, fix).HasFlag(reading));
    }

    /// <inheritdoc/>
    public override string ToString() => Id;

    private static AdvisorySeverity? SeverityOrNull(OsvRecord record)
    {
        var scores = (record.Severity ?? []).Concat((record.Affected ?? []).SelectMany(static part => part?.Severity ?? []))
            .Select(static severity => severity?.Score is { } vector ? CvssVector.ScoreOrNull(vector) : null)
            .OfType<double>()
            .ToList();
        if (scores.Count > 0)
            return AdvisorySeverity.OfScore(scores.Max());
        return record.DatabaseSpecific is { ValueKind: JsonValueKind.Object } more
            && more.TryGetProperty("severity", out var word) && word.ValueKind == JsonValueKind.String
                ? AdvisorySeverity.OfWordOrNull(word.GetString()) : null;
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\z", RegexOptions.CultureInvariant)]
    private static partial Regex IdPattern();
}
