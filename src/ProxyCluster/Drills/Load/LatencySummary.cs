namespace ProxyCluster.Drills.Load;

/// <summary>Latencies of the requests that were answered, in milliseconds; all zero where there were none.</summary>
/// <param name="Count">How many.</param>
/// <param name="P50">Half were answered in this time.</param>
/// <param name="P99">99 of 100.</param>
/// <param name="P999">999 of 1,000.</param>
/// <param name="Max">The slowest.</param>
internal sealed record LatencySummary(int Count, double P50, double P99, double P999, double Max)
{
    /// <summary>Of exact values, by nearest rank: every percentile is a latency that some request really had.</summary>
    public static LatencySummary Of(IEnumerable<TimeSpan> latencies)
    {
        var sorted = latencies.Select(static latency => Math.Round(latency.TotalMilliseconds, 2)).Order().ToArray();
        return sorted.Length == 0
            ? new LatencySummary(0, 0, 0, 0, 0)
            : new LatencySummary(sorted.Length, At(0.5), At(0.99), At(0.999), sorted[^1]);

        double At(double part) => sorted[Math.Max(0, (int)Math.Ceiling(part * sorted.Length) - 1)];
    }
}
