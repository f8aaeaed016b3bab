using System.ComponentModel.DataAnnotations;

namespace ProxyCluster.Replication;

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

    /// <summary>Copies waiting to be handed out; beyond it the oldest is dropped and counted. Default 10,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxWaiting { get; set; } = 10_000;

    /// <summary>Copies handed out at once. Default 4.</summary>
    [Range(1, 256)]
    public int Parallel { get; set; } = 4;

    /// <summary>Attempts per copy. Default 5.</summary>
    [Range(1, 100)]
    public int Attempts { get; set; } = 5;

    /// <summary>Pause after a failed attempt, doubled each time. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan RetryPause { get; set; } = TimeSpan.FromSeconds(2);
}
