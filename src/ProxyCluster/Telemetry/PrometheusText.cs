using System.Buffers;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.Options;
using Label = System.Collections.Generic.KeyValuePair<string, object?>;

namespace ProxyCluster.Telemetry;

/// <summary>
/// <c>/metrics</c>: adds up every measurement in this process and prints the sums in Prometheus' text format 0.0.4.
///
/// What it listens to, <see cref="HostMeters"/> says.
///
/// Decision taken: an aggregation of our own. A measurement is a table look-up and one or two interlocked operations,
/// without allocation. Road not taken: the OpenTelemetry SDK with its Prometheus exporter, which would put the SDK on
/// every request even where nobody exports anything; the SDK is started for OTLP alone.
///
/// A histogram's sum and buckets are not read in one instant, so under load a scrape may see a measurement in one and
/// not yet in the other; the count is taken from the buckets, so a page is never inconsistent with itself.
/// </summary>
internal sealed class PrometheusText : IDisposable
{
    /// <summary>The content type of the page.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    // OpenTelemetry's default for histograms that advise nothing.
    private static readonly double[] DefaultBounds =
        [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];

    private readonly IMeterFactory _meters;
    private readonly int _maxSeries;
    private readonly MeterListener _listener = new();
    private readonly Lock _scraping = new(); // one scrape at a time owns _scrape and the observable series
    private readonly Lock _publishing = new();
    private readonly SortedDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal); // guarded by _publishing
    private long _scrape;

    public PrometheusText(IMeterFactory meters, IOptions<TelemetryOptions> options)
    {
        _meters = meters;
        _maxSeries = options.Value.MaxSeries;
        _listener.InstrumentPublished = Publish;
        _listener.SetMeasurementEventCallback<double>((_, value, labels, family) => Record(family, value, labels));
        _listener.SetMeasurementEventCallback<float>((_, value, labels, family) => Record(family, value, labels));
        _listener.SetMeasurementEventCallback<decimal>((_, value, labels, family) => Record(family, (double)value, labels));
        _listener.SetMeasurementEventCallback<long>((_, value, labels, family) => Record(family, value, labels));
        _listener.SetMeasurementEventCallback<int>((_, value, labels, family) => Record(family, value, labels));
        _listener.SetMeasurementEventCallback<short>((_, value, labels, family) => Record(family, value, labels));
        _listener.SetMeasurementEventCallback<byte>((_, value, labels, family) => Record(family, value, labels));
        _listener.Start();
    }

    /// <summary>Prints the page and flushes it.</summary>
    public async ValueTask WriteAsync(PipeWriter output, CancellationToken cancellation)
    {
        Write(output);
        await output.FlushAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Prints the page.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        lock (_scraping)
        {
            var scrape = Interlocked.Increment(ref _scrape);
            _listener.RecordObservableInstruments();
            MetricFamily[] families;
            lock (_publishing)
                families = [.. _families.Values];
            foreach (var family in families)
                Write(output, family, scrape);
        }
    }

    /// <summary>Stops listening.</summary>
    public void Dispose() => _listener.Dispose();

    private void Record(object? family, double value, ReadOnlySpan<Label> labels) =>
        ((MetricFamily)family!).Record(value, labels, Volatile.Read(ref _scrape));

    private void Publish(Instrument instrument, MeterListener listener)
    {
        if (!HostMeters.Has(instrument, _meters) || KindOrNull(instrument) is not { } kind)
            return;
        var name = PrometheusNames.Metric(instrument.Name, instrument.Unit, kind);
        MetricFamily? family;
        lock (_publishing)
        {
            if (!_families.TryGetValue(name, out family))
            {
                family = new MetricFamily(name, instrument.Description ?? "", kind, instrument.IsObservable,
                    kind == MetricKind.Histogram ? Bounds(instrument) : [], _maxSeries)
                {
                    IsSet = instrument.IsObservable || IsOf(instrument, typeof(Gauge<>)),
                };
                _families.Add(name, family);
            }
        }

        // Two instruments that clean to one name are printed as one, but only if they mean the same.
        if (family.Kind == kind && family.IsObservable == instrument.IsObservable)
            listener.EnableMeasurementEvents(instrument, family);
    }

    private static MetricKind? KindOrNull(Instrument instrument) => instrument switch
    {
        _ when IsOf(instrument, typeof(Counter<>)) || IsOf(instrument, typeof(ObservableCounter<>)) => MetricKind.Counter,
        _ when IsOf(instrument, typeof(Histogram<>)) => MetricKind.Histogram,
        _ when IsOf(instrument, typeof(UpDownCounter<>)) || IsOf(instrument, typeof(ObservableUpDownCounter<>))
            || IsOf(instrument, typeof(Gauge<>)) || IsOf(instrument, typeof(ObservableGauge<>)) => MetricKind.Gauge,
        _ => null,
    };

    private static bool IsOf(Instrument instrument, Type open) =>
        instrument.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == open;

    private static double[] Bounds(Instrument instrument) => instrument switch
    {
        Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds],
        Histogram<long> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(bound => (double)bound)],
        Histogram<int> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(bound => (double)bound)],
        _ => DefaultBounds,
    };

    private static void Write(IBufferWriter<byte> output, MetricFamily family, long scrape)
    {
        var series = family.Series();
        if (family.IsObservable)
            series = Array.FindAll(series, one => one.IsReportedIn(scrape));
        if (series.Length == 0)
            return;
        if (family.Help.Length > 0)
            Line(output, $"# HELP {family.Name} {PrometheusNames.EscapeHelp(family.Help)}\n");
        Line(output, $"# TYPE {family.Name} {Word(family.Kind)}\n");
        foreach (var one in series)
        {
            if (family.Kind == MetricKind.Histogram)
                WriteHistogram(output, family.Name, one);
            else
                Line(output, $"{family.Name}{Braces(one.Labels)} {Number(one.Value)}\n");
        }
    }

    private static void WriteHistogram(IBufferWriter<byte> output, string name, MetricSeries series)
    {
        var count = 0L;
        for (var bucket = 0; bucket < series.BucketLabels.Count; bucket++)
        {
            count += series.Bucket(bucket);
            Line(output, $"{name}_bucket{{{series.BucketLabels[bucket]}}} {count}\n");
        }

        Line(output, $"{name}_sum{Braces(series.Labels)} {Number(series.Value)}\n");
        Line(output, $"{name}_count{Braces(series.Labels)} {count}\n");
    }

    private static string Braces(string labels) => labels.Length == 0 ? "" : $"{{{labels}}}";

    private static string Word(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Gauge => "gauge",
        _ => "histogram",
    };

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString(CultureInfo.InvariantCulture),
    };

    private static void Line(IBufferWriter<byte> output, string text) => Encoding.UTF8.GetBytes(text, output);
}
