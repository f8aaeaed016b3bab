using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Advisories;

/// <summary>What one part of an advisory says of one module. A record may have several parts about the same one.</summary>
internal sealed class AffectedPart
{
    private readonly AdvisoryRange[] _semver;
    private readonly AdvisoryRange[] _others;
    private readonly AdvisoryRange[] _custom;
    private readonly string[] _versions;

    private AffectedPart(OsvAffected part)
    {
        Module = part.Package!.Name!;
        var ranges = (part.Ranges ?? []).OfType<OsvRange>().ToArray();
        _semver = [.. ranges.Where(static range => range.Type == "SEMVER").Select(AdvisoryRange.Of)];
        _others = [.. ranges.Where(static range => range.Type == "ECOSYSTEM").Select(AdvisoryRange.Of)];
        _custom = [.. (part.EcosystemSpecific?.CustomRanges ?? []).OfType<OsvRange>().Where(static range => range.Type is "SEMVER" or "ECOSYSTEM").Select(AdvisoryRange.Of)];
        _versions = [.. (part.Versions ?? []).OfType<string>().Select(AdvisoryVersions.WithPrefix)];
    }

    /// <summary>The module path, in the letters of the record; <c>stdlib</c> and <c>toolchain</c> are no paths and stand for Go itself.</summary>
    public string Module { get; }

    /// <summary>Versions that some range names as fixed.</summary>
    public IEnumerable<string> Fixes => _semver.Concat(_others).Concat(_custom).SelectMany(static range => range.Fixes);

    /// <summary>The part, or null where it is about no module of Go.</summary>
    public static AffectedPart? OfOrNull(OsvAffected? part) =>
        part?.Package is { Name.Length: > 0 } package && (package.Ecosystem is null or "" or "Go" || package.Ecosystem.StartsWith("Go:", StringComparison.Ordinal))
            ? new AffectedPart(part) : null;

    /// <summary>Who takes a version for affected?</summary>
    public AdvisoryReadings Affects(string version) =>
        (_semver.Length == 0 || Array.Exists(_semver, range => range.HoldsForGovulncheck(version)) ? AdvisoryReadings.Govulncheck : AdvisoryReadings.None)
        | (RecordHolds(version) ? AdvisoryReadings.Record : AdvisoryReadings.None);

    private bool RecordHolds(string version)
    {
        // 1. A range that only says "all" stands in for those that could not be said in it.
        var narrower = _custom.Concat(_others).ToArray();
        var hasNarrower = narrower.Length > 0 || _versions.Length > 0;
        var semver = hasNarrower ? _semver.Where(static range => !range.IsAll) : _semver;
        if (!hasNarrower && _semver.Length == 0)
            return true;

        // 2. One that cannot be compared may hold any version.
        return semver.Any(range => range.Holds(version))
            || Array.Exists(narrower, range => !range.IsReadable || range.Holds(version))
            || Array.Exists(_versions, named => named == version || (Semver.IsValid(named) && Semver.Compare(named, version) == 0 && Semver.Build(named).IsEmpty));
    }
}
