namespace ProxyCluster.Fetching;

/// <summary>All that a circuit breaker knows. Immutable; <see cref="BreakerRules"/> makes the next one.</summary>
/// <param name="Position">Where it stands.</param>
/// <param name="Since">Since when.</param>
/// <param name="ConsecutiveFailures">Timeouts and broken connections since the last sign of life.</param>
/// <param name="Openings">How often it opened since the last sign of life; the pause grows with it.</param>
/// <param name="ProbeAt">When open: the time of the next probe.</param>
/// <param name="ProbeRunning">When half-open: whether the one probe is under way.</param>
/// <param name="LastFailure">The latest failure's sentence, or null.</param>
/// <param name="LastFailureTime">When that was, or null.</param>
internal sealed record BreakerState(
    BreakerPosition Position,
    DateTimeOffset Since,
    int ConsecutiveFailures = 0,
    int Openings = 0,
    DateTimeOffset ProbeAt = default,
    bool ProbeRunning = false,
    string? LastFailure = null,
    DateTimeOffset? LastFailureTime = null);
