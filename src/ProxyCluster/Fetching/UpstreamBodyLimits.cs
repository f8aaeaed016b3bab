namespace ProxyCluster.Fetching;

/// <summary>How much and how slowly a body may come.</summary>
/// <param name="MaxBytes">Bytes accepted.</param>
/// <param name="Idle">Limit for one read.</param>
/// <param name="SlowStart">Waiting that the minimum rate forgives.</param>
/// <param name="MinBytesPerSecond">Average rate that the body must keep once the slow start is used up.</param>
/// <param name="Total">Limit for all waiting together.</param>
internal readonly record struct UpstreamBodyLimits(
    long MaxBytes, TimeSpan Idle, TimeSpan SlowStart, int MinBytesPerSecond, TimeSpan Total)
{
    /// <summary>
    /// How long the next read may take after <paramref name="bytes"/> bytes that were waited for during
    /// <paramref name="waited"/>, and what it means when it takes longer. Zero or less: it is too late already.
    /// </summary>
    public UpstreamReadLimit ForNextRead(long bytes, TimeSpan waited)
    {
        var earned = SlowStart + TimeSpan.FromSeconds((double)bytes / MinBytesPerSecond) - waited;
        var left = Total - waited;
        return left <= earned && left <= Idle ? new(left, UpstreamReadLimitKind.Total)
            : earned <= Idle ? new(earned, UpstreamReadLimitKind.Rate)
            : new(Idle, UpstreamReadLimitKind.Idle);
    }

    /// <summary>The limit in words, to stand after "the answer".</summary>
    public string Describe(UpstreamReadLimitKind kind) => kind switch
    {
        UpstreamReadLimitKind.Total => $"took longer than {Total.TotalSeconds:0.#} s",
        UpstreamReadLimitKind.Rate => $"came slower than {MinBytesPerSecond} bytes per second",
        _ => $"stalled for {Idle.TotalSeconds:0.#} s",
    };
}

/// <summary>How long one read may take.</summary>
/// <param name="Time">The limit; zero or less when it is too late already.</param>
/// <param name="Kind">Which rule set it.</param>
internal readonly record struct UpstreamReadLimit(TimeSpan Time, UpstreamReadLimitKind Kind);

/// <summary>The rules of pace.</summary>
internal enum UpstreamReadLimitKind
{
    /// <summary>Silence.</summary>
    Idle,

    /// <summary>The average rate.</summary>
    Rate,

    /// <summary>The whole body.</summary>
    Total,
}
