using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProxyCluster.GoModules.Advisories;

/// <summary>A record as it is written (OSV schema 1.7), with what judging needs; every field may be absent.</summary>
internal sealed record OsvRecord(
    string? Id,
    DateTimeOffset? Modified,
    DateTimeOffset? Published,
    DateTimeOffset? Withdrawn,
    string?[]? Aliases,
    string? Summary,
    OsvSeverity?[]? Severity,
    OsvAffected?[]? Affected,
    JsonElement? DatabaseSpecific);

internal sealed record OsvAffected(
    OsvPackage? Package, OsvRange?[]? Ranges, string?[]? Versions, OsvSeverity?[]? Severity, OsvEcosystemSpecific? EcosystemSpecific);

internal sealed record OsvPackage(string? Name, string? Ecosystem);

internal sealed record OsvRange(string? Type, OsvEvent?[]? Events);

internal sealed record OsvEvent(string? Introduced, string? Fixed, string? LastAffected, string? Limit);

internal sealed record OsvSeverity(string? Type, string? Score);

internal sealed record OsvEcosystemSpecific(OsvRange?[]? CustomRanges);

/// <summary>How records are read.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(OsvRecord))]
internal sealed partial class OsvJson : JsonSerializerContext;
