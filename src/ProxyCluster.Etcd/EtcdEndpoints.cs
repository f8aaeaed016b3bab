namespace ProxyCluster.Etcd;

/// <summary>
/// Which endpoint to ask: the first in the configured order that did not fail lately. An endpoint that fails is put
/// behind the others for a while that doubles up to a minute. When that is over, one call tries it while the others still
/// go round it, so that the nearest one is used again by itself once it is back, and a frozen one costs one call a timeout
/// now and then.
/// </summary>
internal sealed class EtcdEndpoints(IEnumerable<Uri> endpoints, TimeProvider time)
{
    private static readonly TimeSpan FirstPenalty = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPenalty = TimeSpan.FromMinutes(1);

    // Guards the entries' penalties.
    private readonly Lock _lock = new();
    private readonly Entry[] _entries = [.. endpoints.Select(static endpoint => new Entry(endpoint))];

    /// <summary>All endpoints for one call, the one to ask first in front.</summary>
    public IReadOnlyList<Uri> InOrder()
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            Entry[] order = [.. _entries.OrderBy(entry => Math.Max(0, entry.AvoidUntil - now))];
            if (order is [{ Penalty.Ticks: > 0 } first, ..] && first.AvoidUntil <= now)
            {
                // This call tries it. Those that begin meanwhile do not, or each of them would pay for it.
                first.AvoidUntil = After(now, first.Penalty);
                first.IsTried = true;
            }

            return [.. order.Select(static entry => entry.Endpoint)];
        }
    }

    /// <summary>The endpoint answered.</summary>
    public void Worked(Uri endpoint)
    {
        lock (_lock)
        {
            var entry = Find(endpoint);
            (entry.Penalty, entry.AvoidUntil, entry.IsTried) = (TimeSpan.Zero, 0, false);
        }
    }

    /// <summary>The endpoint did not answer, or without a quorum behind it.</summary>
    public void Failed(Uri endpoint)
    {
        lock (_lock)
        {
            var entry = Find(endpoint);
            var now = time.GetTimestamp();

            // Calls that ran side by side fail side by side: that is one failure and not as many.
            if (entry.AvoidUntil > now && !entry.IsTried)
                return;
            var doubled = entry.Penalty == TimeSpan.Zero ? FirstPenalty : entry.Penalty * 2;
            entry.Penalty = doubled < LongestPenalty ? doubled : LongestPenalty;
            entry.AvoidUntil = After(now, entry.Penalty);
            entry.IsTried = false;
        }
    }

    private Entry Find(Uri endpoint) => Array.Find(_entries, entry => entry.Endpoint == endpoint)!;

    private long After(long now, TimeSpan wait) => now + (long)(wait.TotalSeconds * time.TimestampFrequency);

    private sealed class Entry(Uri endpoint)
    {
        public Uri Endpoint => endpoint;

        public TimeSpan Penalty { get; set; }

        public long AvoidUntil { get; set; }

        public bool IsTried { get; set; }
    }
}
