namespace ProxyCluster.Fetching;

/// <summary>When the same upstream is asked again: exponential backoff with full jitter, never sooner than Retry-After.</summary>
/// <remarks>
/// Polly's retry was not taken for these few lines: whether to retry depends on the breaker as it stands after the
/// failure and on a Retry-After that may be too long to wait for, so both sides would have met in callbacks.
/// </remarks>
internal static class RetryRules
{
    /// <summary>
    /// The pause before the next try, or null when there is none. <paramref name="tries"/> counts those made,
    /// <paramref name="random"/> is a number in [0, 1).
    /// </summary>
    public static TimeSpan? PauseOrNull(UpstreamFault fault, int tries, double random, UpstreamsOptions options)
    {
        if (!fault.MayRetry || tries > options.Retries || fault.Failure.RetryAfter > options.MaxRetryAfter)
            return null;

        var longest = Math.Min(options.MaxBackoff.Ticks, options.Backoff.Ticks * Math.Pow(2, tries - 1));
        var pause = TimeSpan.FromTicks((long)(random * longest));
        return fault.Failure.RetryAfter is { } asked && asked > pause ? asked : pause;
    }
}
