using System.ComponentModel.DataAnnotations;

namespace ProxyCluster.Copies;

/// <summary>How often everybody is asked for a copy while upstream is away. Section <c>LastCopy</c>.</summary>
public sealed class LastCopyOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "LastCopy";

    /// <summary>
    /// Time for which nobody is asked again for what nobody had; a silo that joins is asked at once. Default 30 s. Less of
    /// it finds sooner what somebody fetched meanwhile; all of it is spared with every request during an outage.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan NobodyFor { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Artifacts that all others are asked for at once, each of them four silos at a time; further ones wait for their turn,
    /// and for no longer than <see cref="WaitFor"/>. Default 32. More of it finds more at once and costs the others more.
    /// </summary>
    [Range(1, 10_000)]
    public int MaxSearches { get; set; } = 32;

    /// <summary>Longest wait for a turn, after which the outage is the answer. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:05:00")]
    public TimeSpan WaitFor { get; set; } = TimeSpan.FromSeconds(5);
}
