namespace ProxyCluster.Clustering.Etcd;

/// <summary>
/// Which endpoint to ask: the first in the configured order that did not fail lately. An endpoint that fails is put
/// behind the others for a while that doubles up to a minute, so that the nearest one is used again by itself once it is
/// back, and a frozen one costs a timeout now and then instead of one per call.
/// </summary>
internal sealed class EtcdEndpoints(IEnumerable<Uri> endpoints, TimeProvider time)
{
    private static readonly TimeSpan FirstPenalty = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPenalty = TimeSpan.FromMinutes(1);

    // Guards the entries' penalties.
    private readonly Lock _lock = new();
    private readonly Entry[] _entries = [.. endpoints.Select(static endpoint => new Entry(endpoint))];

    /// <summary>How many there are.</summary>
    public int Count => _entries.Length;

    /// <summary>All endpoints, the one to ask first in front.</summary>
    public IReadOnlyList<Uri> InOrder()
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            return [.. _entries.OrderBy(entry => Math.Max(0, entry.AvoidUntil - now)).Select(static entry => entry.Endpoint)];
        }
    }

    /// <summary>The endpoint answered.</summary>
    public void Worked(Uri endpoint) => Set(endpoint, failed: false);

    /// <summary>The endpoint did not answer, or without a quorum behind it.</summary>
    public void Failed(Uri endpoint) => Set(endpoint, failed: true);

    private void Set(Uri endpoint, bool failed)
    {
        lock (_lock)
        {
            if (Array.Find(_entries, entry => entry.Endpoint == endpoint) is not { } entry)
                return;
            var doubled = entry.Penalty == TimeSpan.Zero ? FirstPenalty : entry.Penalty * 2;
            entry.Penalty = !failed ? TimeSpan.Zero : doubled < LongestPenalty ? doubled : LongestPenalty;
            entry.AvoidUntil = failed ? time.GetTimestamp() + (long)(entry.Penalty.TotalSeconds * time.TimestampFrequency) : 0;
        }
    }

    private sealed class Entry(Uri endpoint)
    {
        public Uri Endpoint => endpoint;

        public TimeSpan Penalty { get; set; }

        public long AvoidUntil { get; set; }
    }
}
