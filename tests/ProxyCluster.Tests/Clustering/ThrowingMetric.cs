using System.Diagnostics.Metrics;

namespace ProxyCluster.Tests.Clustering;

/// <summary>A listener with a bug: for as long as a test wants, whoever counts gets its exception.</summary>
internal sealed class ThrowingMetric : IDisposable
{
    private readonly MeterListener _listener = new();
    private int _thrown;

    public ThrowingMetric(Instrument instrument)
    {
        _listener.SetMeasurementEventCallback<long>((_, _, _, _) =>
        {
            if (!IsFaulty)
                return;
            Interlocked.Increment(ref _thrown);
            throw new InvalidOperationException("a bug of a listener");
        });
        _listener.EnableMeasurementEvents(instrument);
        _listener.Start();
    }

    /// <summary>Whether it has the bug now. Default true.</summary>
    public bool IsFaulty { get; set; } = true;

    /// <summary>How often somebody met it.</summary>
    public int Thrown => Volatile.Read(ref _thrown);

    public void Dispose() => _listener.Dispose();
}
