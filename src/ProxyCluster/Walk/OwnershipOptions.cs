using System.ComponentModel.DataAnnotations;

namespace ProxyCluster.Walk;

/// <summary>How long this silo remembers absence. Section <c>Ownership</c>.</summary>
public sealed class OwnershipOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Ownership";

    /// <summary>
    /// Time for which an artifact that upstream proved absent is not asked for again. Default 10 s. Less of it shows a
    /// version that was published a moment after it was asked for sooner.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan AbsentFor { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of absent artifacts remembered. Default 32 MiB, 50,000 of usual length; the longest unused ones go.</summary>
    [Range(1L << 16, 1L << 40)]
    public long AbsentBytes { get; set; } = 32L << 20;
}
