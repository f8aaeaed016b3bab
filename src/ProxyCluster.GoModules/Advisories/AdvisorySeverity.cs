namespace ProxyCluster.GoModules.Advisories;

/// <summary>How bad an advisory says it is. The Go database hardly ever does; its aliases in other databases do.</summary>
/// <param name="Level">The word for it.</param>
/// <param name="Score">CVSS base score, 0 to 10, where a vector of version 3 was given; null where only a word was.</param>
public readonly record struct AdvisorySeverity(SeverityLevel Level, double? Score)
{
    /// <summary>From a score, by the scale of CVSS 3.1 §5.</summary>
    public static AdvisorySeverity OfScore(double score) => new(
        score switch
        {
            0 => SeverityLevel.None,
            < 4 => SeverityLevel.Low,
            < 7 => SeverityLevel.Medium,
            < 9 => SeverityLevel.High,
            _ => SeverityLevel.Critical,
        },
        score);

    /// <summary>From a word, as databases write them; null for one that nobody writes.</summary>
    public static AdvisorySeverity? OfWordOrNull(string? word) => word?.ToUpperInvariant() switch
    {
        "NONE" => new(SeverityLevel.None, null),
        "LOW" => new(SeverityLevel.Low, null),
        "MODERATE" or "MEDIUM" => new(SeverityLevel.Medium, null),
        "HIGH" or "IMPORTANT" => new(SeverityLevel.High, null),
        "CRITICAL" => new(SeverityLevel.Critical, null),
        _ => null,
    };
}

/// <summary>The words for it, ascending.</summary>
public enum SeverityLevel
{
    /// <summary>A score of 0.</summary>
    None,

    /// <summary>Below 4.</summary>
    Low,

    /// <summary>Below 7.</summary>
    Medium,

    /// <summary>Below 9.</summary>
    High,

    /// <summary>9 and above.</summary>
    Critical,
}
