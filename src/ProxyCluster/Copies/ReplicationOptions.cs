using System.ComponentModel.DataAnnotations;

namespace ProxyCluster.Copies;

/// <summary>How many regions keep a copy of what this silo commits as its owner. Section <c>Replication</c>.</summary>
public sealed class ReplicationOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Replication";

    /// <summary>
    /// Regions that are to hold an artifact, the home region included. Default 1: others copy it when they are asked for
    /// it. More of it survives the loss of more regions and sends each artifact across the ocean that often.
    /// </summary>
    [Range(1, 64)]
    public int MinRegions { get; set; } = 1;

    /// <summary>
    /// Copies owed at once; further ones are dropped and counted. Default 10,000. More of it gets a region that was lost
    /// for longer up to date by itself, at some 200 bytes and one small file each.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxWaiting { get; set; } = 10_000;

    /// <summary>Copies handed out at once. Default 4.</summary>
    [Range(1, 256)]
    public int Parallel { get; set; } = 4;

    /// <summary>
    /// Attempts at one region before another takes its place, if there is one. Default 5: about half a minute. Less of it
    /// reaches the wanted number of regions sooner and spreads copies to more of them.
    /// </summary>
    [Range(1, 100)]
    public int Attempts { get; set; } = 5;

    /// <summary>Pause after a failed attempt, doubled each time. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan RetryPause { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Where the doubling of <see cref="RetryPause"/> ends. Default 1 min. Less of it finds a region's return sooner.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan MaxRetryPause { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Time for one copy to arrive. Default 10 min, as for an artifact from a peer.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "02:00:00")]
    public TimeSpan HandOverTimeout { get; set; } = TimeSpan.FromMinutes(10);
}
