namespace ProxyCluster.Fetching;

/// <summary>How an upstream stands, for readiness, status and metrics.</summary>
/// <param name="Name">Display name.</param>
/// <param name="State">Position of its circuit breaker.</param>
/// <param name="Since">Since when.</param>
/// <param name="ConsecutiveFailures">Timeouts and broken connections since the last sign of life.</param>
/// <param name="LastFailure">The latest of them as a sentence, or null.</param>
/// <param name="LastFailureTime">When that was, or null.</param>
/// <param name="NextProbe">While open, when it is asked again.</param>
internal sealed record UpstreamStatus(
    string Name,
    BreakerPosition State,
    DateTimeOffset Since,
    int ConsecutiveFailures,
    string? LastFailure,
    DateTimeOffset? LastFailureTime,
    DateTimeOffset? NextProbe)
{
    /// <summary><c>closed</c>, <c>open</c> or <c>half-open</c>.</summary>
    public string StateWord => UpstreamBreaker.Word(State);
}
