using System.Collections.Immutable;

namespace ProxyCluster.Fetching;

/// <summary>
/// All that a circuit breaker knows. Immutable; <see cref="BreakerRules"/> makes the next one. Every time is that of a
/// monotonic clock, since the breaker was made: somebody who sets the wall clock moves no probe.
/// </summary>
/// <param name="Position">Where it stands.</param>
/// <param name="Since">Since when.</param>
/// <param name="AliveAt">The last sign of life.</param>
/// <param name="ConsecutiveFailures">Requests that met an outage since then.</param>
/// <param name="NoConnections">Those among them for which no connection could be made.</param>
/// <param name="SilentModules">The modules of the others, as far as they began after the last sign of life.</param>
/// <param name="Openings">How often it opened since then; the pause grows with it.</param>
/// <param name="ProbeAt">When open: the time of the next probe.</param>
/// <param name="ProbeRunning">When half-open: whether the one probe is under way.</param>
/// <param name="LastFailure">The latest failure's sentence, or null.</param>
/// <param name="LastFailureTime">When that was, or null.</param>
internal sealed record BreakerState(
    BreakerPosition Position,
    TimeSpan Since,
    TimeSpan AliveAt,
    int ConsecutiveFailures = 0,
    int NoConnections = 0,
    ImmutableHashSet<string>? SilentModules = null,
    int Openings = 0,
    TimeSpan ProbeAt = default,
    bool ProbeRunning = false,
    string? LastFailure = null,
    TimeSpan? LastFailureTime = null);
