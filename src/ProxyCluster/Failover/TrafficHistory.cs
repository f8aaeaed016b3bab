using ProxyCluster.Telemetry;

namespace ProxyCluster.Failover;

/// <summary>
/// What was counted over the last time of a given length, and over as long a time before: from readings of totals that only
/// grow, kept at a distance of a thirtieth of it. Used by one thread at a time.
/// </summary>
internal sealed class TrafficHistory(TimeSpan length)
{
    private const int Parts = 30;

    private readonly List<(TimeSpan At, TrafficTotals Totals)> _kept = [];

    /// <summary>Takes a reading in and gives what the last ones come to.</summary>
    public LastingTraffic Next(TimeSpan now, TrafficTotals totals)
    {
        if (_kept.Count == 0 || now - _kept[^1].At >= length / Parts)
            _kept.Add((now, totals));
        var (since, middle) = LatestUntil(now - length);
        var (_, first) = LatestUntil(since - length);
        _kept.RemoveAll(one => one.At < now - ((2 * length) + (4 * length / Parts)));
        return new LastingTraffic { Window = (now - since).TotalSeconds, Last = totals - middle, Before = middle - first };
    }

    private (TimeSpan At, TrafficTotals Totals) LatestUntil(TimeSpan time)
    {
        var index = _kept.FindLastIndex(one => one.At <= time);
        return _kept[Math.Max(0, index)];
    }
}
