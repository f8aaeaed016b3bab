using System.Globalization;

namespace ProxyCluster.Telemetry;

/// <summary>The running figures of one instrument for one combination of labels. Hot: every request ends in one.</summary>
internal sealed class MetricSeries
{
    private readonly double[] _bounds;
    private readonly long[] _buckets;
    private double _value;
    private long _lastScrape;

    /// <param name="labels">Ready-made <c>a="b",c="d"</c>, escaped and sorted.</param>
    /// <param name="bounds">Upper bucket bounds in ascending order; empty for anything but a histogram.</param>
    public MetricSeries(string labels, double[] bounds)
    {
        Labels = labels;
        _bounds = bounds;
        _buckets = bounds.Length == 0 ? [] : new long[bounds.Length + 1];
        BucketLabels = [.. bounds.Append(double.PositiveInfinity).Select(bound =>
            $"{labels}{(labels.Length == 0 ? "" : ",")}le=\"{(double.IsPositiveInfinity(bound) ? "+Inf" : bound.ToString(CultureInfo.InvariantCulture))}\"")];
    }

    /// <summary>The labels as they are printed.</summary>
    public string Labels { get; }

    /// <summary>The labels of each bucket as they are printed.</summary>
    public IReadOnlyList<string> BucketLabels { get; }

    /// <summary>The sum, count or level.</summary>
    public double Value => Volatile.Read(ref _value);

    /// <summary>Adds to a counter.</summary>
    public void Add(double amount)
    {
        var seen = Volatile.Read(ref _value);
        while (true)
        {
            var found = Interlocked.CompareExchange(ref _value, seen + amount, seen);
            if (found.Equals(seen))
                return;
            seen = found;
        }
    }

    /// <summary>Puts one measurement into its bucket.</summary>
    public void Observe(double value)
    {
        // Linear: latencies sit in the first buckets, and a histogram has a dozen or so.
        var bucket = 0;
        while (bucket < _bounds.Length && !(value <= _bounds[bucket]))
            bucket++;
        Interlocked.Increment(ref _buckets[bucket]);
        Add(value);
    }

    /// <summary>Sets what an observable instrument reported during a scrape.</summary>
    public void Set(double value, long scrape)
    {
        Volatile.Write(ref _value, value);
        Volatile.Write(ref _lastScrape, scrape);
    }

    /// <summary>Whether an observable instrument still reports this combination of labels.</summary>
    public bool IsReportedIn(long scrape) => Volatile.Read(ref _lastScrape) == scrape;

    /// <summary>The count of one bucket alone.</summary>
    public long Bucket(int index) => Volatile.Read(ref _buckets[index]);
}
