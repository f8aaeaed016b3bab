using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ProxyCluster.Tests.Lines;

/// <summary>What one counter was told, by the values of its labels: <c>tokyo/ok</c>.</summary>
internal sealed class MetricCount : IAsyncDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _counts = new();

    public MetricCount(Instrument instrument)
    {
        _listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            var labels = new List<string?>();
            foreach (var tag in tags)
                labels.Add(tag.Value?.ToString());
            _counts.AddOrUpdate(string.Join('/', labels), value, (_, sum) => sum + value);
        });
        _listener.EnableMeasurementEvents(instrument);
        _listener.Start();
    }

    public long this[string labels] => _counts.GetValueOrDefault(labels);

    public long Total => _counts.Values.Sum();

    public ValueTask DisposeAsync()
    {
        _listener.Dispose();
        return ValueTask.CompletedTask;
    }
}
