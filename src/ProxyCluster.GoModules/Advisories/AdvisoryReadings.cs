namespace ProxyCluster.GoModules.Advisories;

/// <summary>
/// By whose reading of an advisory a version is affected. They differ where a record says more than <c>introduced</c> and
/// <c>fixed</c> of SEMVER ranges.
/// </summary>
[Flags]
public enum AdvisoryReadings
{
    /// <summary>By nobody's.</summary>
    None = 0,

    /// <summary>
    /// govulncheck's, which knows those alone. A part that has none of them means all versions to it, and so may one whose
    /// versions stand in fields that it does not know: fixed releases then count as affected.
    /// </summary>
    Govulncheck = 1,

    /// <summary>
    /// The whole record's: <c>last_affected</c>, <c>limit</c>, <c>versions</c> and ECOSYSTEM ranges as the OSV schema has them, and
    /// <c>custom_ranges</c>, in which the Go database keeps versions that were no module versions when they were released.
    /// </summary>
    Record = 2,

    /// <summary>By both, which is the rule.</summary>
    Both = Govulncheck | Record,
}
