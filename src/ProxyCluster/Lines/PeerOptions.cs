using System.ComponentModel.DataAnnotations;

namespace ProxyCluster.Lines;

/// <summary>How members of a cluster talk to each other. Section <c>Peers</c>.</summary>
public sealed class PeerOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Peers";

    /// <summary>
    /// Time without a byte from an asked peer after which the next candidate is asked beside it. Default 2 s. Less of it
    /// hides a frozen peer sooner and duplicates more work; a peer that is alive and busy sends heartbeats, so a slow
    /// upstream does not run into it.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan HedgeDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Pause between the heartbeats of a peer that is still working. Default 500 ms; keep it well under the hedge delay.</summary>
    [Range(typeof(TimeSpan), "00:00:00.020", "00:00:30")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Time to open a connection to a peer. Default 5 s: whether to wait for it is the hedge delay's affair, and a burst on
    /// a busy machine has to wait for connections to peers that are well.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:30")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Silence on an open transfer after which the peer counts as dead. Default 5 s. Every heartbeat and every byte
    /// starts it anew.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.200", "00:05:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest time for one artifact from a peer, heartbeats included. Default 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "02:00:00")]
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Other members asked before a silo fetches by itself. Default 3.</summary>
    [Range(1, 16)]
    public int MaxCandidates { get; set; } = 3;

    /// <summary>
    /// How far the clocks of two members may be apart, and how long a used signature is remembered. Default 30 s. A
    /// member that is further off learns the other's time from the refusal and signs again.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan MaxClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Time for which a peer that sent wrong bytes or a false proof is not asked again. Default 5 min; serving it goes on.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan DistrustFor { get; set; } = TimeSpan.FromMinutes(5);
}
