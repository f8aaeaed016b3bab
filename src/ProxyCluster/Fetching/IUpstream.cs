namespace ProxyCluster.Fetching;

/// <summary>
/// A place that modules come from. It tries once and says what came of it; asking again, circuit breaking, limits on
/// concurrency and the order of upstreams are the chain's.
/// </summary>
internal interface IUpstream
{
    /// <summary>Display name; holds no credentials.</summary>
    string Name { get; }

    /// <summary>
    /// True when asking it costs a connection, so that retries, the circuit breaker and the concurrency limit apply.
    /// </summary>
    bool IsRemote { get; }

    /// <summary>
    /// True for one that stands for many hosts, whom clients name: an outage of one of them says nothing of how this region stands.
    /// </summary>
    bool StandsForMany => false;

    /// <summary>Opens the answer, whose body is then read under the limits of the options.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled.</exception>
    Task<UpstreamReply> OpenAsync(UpstreamRequest request, CancellationToken ct);
}
