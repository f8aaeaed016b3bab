namespace ProxyCluster.Fetching;

/// <summary>Where a circuit breaker stands.</summary>
internal enum BreakerPosition
{
    /// <summary>The upstream is asked.</summary>
    Closed,

    /// <summary>The upstream is not asked until the pause is over.</summary>
    Open,

    /// <summary>One request at a time is let through to see whether the upstream is back.</summary>
    HalfOpen,
}
