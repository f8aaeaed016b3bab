using ProxyCluster.Outcomes;

namespace ProxyCluster.Fetching;

/// <summary>A failed try at one upstream, with what follows from it.</summary>
/// <param name="Failure">What happened.</param>
/// <param name="MayRetry">True when the same question to the same upstream may well be answered next time.</param>
/// <param name="IsUnreachable">True for timeouts and broken or refused connections: what the circuit breaker counts.</param>
/// <param name="HadNoConnection">True when no connection could be made, so that it says nothing of what was asked for.</param>
internal sealed record UpstreamFault(Failure Failure, bool MayRetry = false, bool IsUnreachable = false, bool HadNoConnection = false)
{
    /// <summary>The upstream is alive and will say the same again.</summary>
    public static UpstreamFault Final(FailureKind kind, string message) => new(new Failure(kind, message));

    /// <summary>The upstream is alive but has a bad moment.</summary>
    public static UpstreamFault Passing(FailureKind kind, string message, TimeSpan? retryAfter = null) =>
        new(new Failure(kind, message, retryAfter), MayRetry: true);

    /// <summary>Nothing, or nothing whole, comes from there.</summary>
    public static UpstreamFault Unreachable(FailureKind kind, string message, bool mayRetry = true) =>
        new(new Failure(kind, message), mayRetry, IsUnreachable: true);

    /// <summary>There is nobody to ask.</summary>
    public static UpstreamFault NoConnection(FailureKind kind, string message) =>
        new(new Failure(kind, message), MayRetry: true, IsUnreachable: true, HadNoConnection: true);
}
