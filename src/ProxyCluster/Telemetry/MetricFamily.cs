using System.Runtime.CompilerServices;
using Label = System.Collections.Generic.KeyValuePair<string, object?>;

namespace ProxyCluster.Telemetry;

/// <summary>What a family's figures mean, in Prometheus' words.</summary>
internal enum MetricKind
{
    /// <summary>Only grows.</summary>
    Counter,

    /// <summary>Goes up and down.</summary>
    Gauge,

    /// <summary>Counts by size.</summary>
    Histogram,
}

/// <summary>
/// All series of one instrument. The look-up by labels is the hot path: it takes no lock and allocates nothing for a
/// combination that was seen before. Readers walk an immutable table of chains; a new combination copies the table
/// under the lock, which happens a few dozen times in the life of a process.
/// </summary>
internal sealed class MetricFamily(string name, string help, MetricKind kind, bool isObservable, double[] bounds, int maxSeries)
{
    private readonly Lock _growing = new();
    private readonly Dictionary<string, MetricSeries> _byText = new(StringComparer.Ordinal); // guarded by _growing
    private Entry?[] _table = new Entry?[16]; // swapped whole under _growing, read without it
    private int _entries; // guarded by _growing

    /// <summary>The family's name by Prometheus' rules, with unit and <c>_total</c>.</summary>
    public string Name => name;

    /// <summary>One sentence.</summary>
    public string Help => help;

    /// <summary>Counter, gauge or histogram.</summary>
    public MetricKind Kind => kind;

    /// <summary>Whether it is asked during a scrape instead of told on every event.</summary>
    public bool IsObservable => isObservable;

    /// <summary>Whether measurements replace the value (observable instruments and plain gauges).</summary>
    public required bool IsSet { get; init; }

    /// <summary>Takes one measurement.</summary>
    public void Record(double value, ReadOnlySpan<Label> labels, long scrape)
    {
        var series = Find(labels);
        if (kind == MetricKind.Histogram)
            series.Observe(value);
        else if (IsSet)
            series.Set(value, scrape);
        else
            series.Add(value);
    }

    /// <summary>Every series, sorted by labels.</summary>
    public MetricSeries[] Series()
    {
        lock (_growing)
            return [.. _byText.Values.OrderBy(series => series.Labels, StringComparer.Ordinal)];
    }

    private MetricSeries Find(ReadOnlySpan<Label> labels)
    {
        var hash = Hash(labels);
        var table = Volatile.Read(ref _table);
        for (var entry = table[hash & (table.Length - 1)]; entry is not null; entry = entry.Next)
        {
            if (entry.Hash == hash && Same(entry.Labels, labels))
                return entry.Series;
        }

        return Grow(hash, labels);
    }

    private MetricSeries Grow(int hash, ReadOnlySpan<Label> labels)
    {
        var text = PrometheusNames.Labels(labels);
        lock (_growing)
        {
            if (!_byText.TryGetValue(text, out var series))
            {
                // The last place is the overflow's, so that a label gone wild costs accuracy and never memory.
                if (_byText.Count >= maxSeries)
                    text = "otel_metric_overflow=\"true\"";
                if (!_byText.TryGetValue(text, out series))
                    _byText.Add(text, series = new MetricSeries(text, bounds));
                if (_byText.Count > maxSeries)
                    return series;
            }

            // The same labels in another order are another entry of the same series.
            if (_entries >= 4 * maxSeries)
                return series;
            _entries++;
            var table = new Entry?[_entries > _table.Length ? _table.Length * 2 : _table.Length];
            foreach (var chain in _table)
            {
                for (var entry = chain; entry is not null; entry = entry.Next)
                    Put(table, entry.Hash, entry.Labels, entry.Series);
            }

            Put(table, hash, labels.ToArray(), series);
            Volatile.Write(ref _table, table);
            return series;
        }
    }

    private static void Put(Entry?[] table, int hash, Label[] labels, MetricSeries series)
    {
        ref var chain = ref table[hash & (table.Length - 1)];
        chain = new Entry(hash, labels, series, chain);
    }

    /// <summary>
    /// Looks at the length and three letters of each text: label values are few and short, and walking every letter of
    /// them costs more than the rare second step in a chain.
    /// </summary>
    private static int Hash(ReadOnlySpan<Label> labels)
    {
        var hash = labels.Length;
        foreach (ref readonly var label in labels)
            hash = (((hash * 31) + Quick(label.Key)) * 31) + (label.Value is string text ? Quick(text) : label.Value?.GetHashCode() ?? 0);
        return hash ^ (hash >>> 15);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Quick(string text) =>
        text.Length == 0 ? 0 : (text.Length * 131) ^ text[0] ^ (text[text.Length / 2] << 5) ^ (text[^1] << 10);

    private static bool Same(Label[] stored, ReadOnlySpan<Label> labels)
    {
        if (stored.Length != labels.Length)
            return false;
        for (var i = 0; i < stored.Length; i++)
        {
            if (!Same(stored[i].Key, labels[i].Key) || !Same(stored[i].Value, labels[i].Value))
                return false;
        }

        return true;
    }

    private static bool Same(object? a, object? b) =>
        ReferenceEquals(a, b) || (a is string x ? b is string y && string.Equals(x, y) : a is not null && a.Equals(b));

    private sealed record Entry(int Hash, Label[] Labels, MetricSeries Series, Entry? Next);
}
