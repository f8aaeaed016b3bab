using System.Diagnostics.Metrics;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Demo;

/// <summary>
/// Adds up the figures of one host from its own instruments, as <c>/metrics</c> would show them. All hosts of a demo
/// share one process, so it looks at the meter's identity and not at its name.
/// </summary>
internal sealed class FigureCounter : IDisposable
{
    // What a member answers besides clients: peers, health checks, operators, and requests that are for nobody.
    private static readonly string[] NotClients = ["peer", "system", "admin", "other"];

    private readonly MeterListener _listener = new();
    private readonly ProxyMetrics _metrics;
    private long _requests;
    private long _hits;
    private long _misses;
    private long _peerFills;
    private long _upstreamFetches;

    /// <summary>Begins to count.</summary>
    public FigureCounter(ProxyMetrics metrics)
    {
        _metrics = metrics;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, metrics.Meter))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((instrument, _, labels, _) => CountRequest(instrument, labels));
        _listener.SetMeasurementEventCallback<long>(Count);
        _listener.Start();
    }

    /// <summary>The sums so far.</summary>
    public MemberFigures Read() => new(
        Interlocked.Read(ref _requests),
        Interlocked.Read(ref _hits),
        Interlocked.Read(ref _misses),
        Interlocked.Read(ref _peerFills),
        Interlocked.Read(ref _upstreamFetches));

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private void CountRequest(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        if (instrument != _metrics.RequestDuration || NotClients.Contains(LabelOrNull(labels, "artifact")))
            return;
        Interlocked.Increment(ref _requests);
        switch (LabelOrNull(labels, "outcome"))
        {
            case "hit":
                Interlocked.Increment(ref _hits);
                break;
            case "miss":
                Interlocked.Increment(ref _misses);
                break;
        }
    }

    private void Count(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> labels, object? state)
    {
        if (instrument == _metrics.UpstreamFetches)
            Interlocked.Add(ref _upstreamFetches, value);
        else if (instrument == _metrics.PeerFills && LabelOrNull(labels, "outcome") == "ok")
            Interlocked.Add(ref _peerFills, value);
    }

    private static string? LabelOrNull(ReadOnlySpan<KeyValuePair<string, object?>> labels, string name)
    {
        foreach (var (key, value) in labels)
        {
            if (key == name)
                return value?.ToString();
        }

        return null;
    }
}
