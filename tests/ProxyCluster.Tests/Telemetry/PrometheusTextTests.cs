using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Tests.Telemetry;

public sealed class PrometheusTextTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<ProxyMetrics>()
        .AddSingleton(Options.Create(new TelemetryOptions { MaxSeries = 20 })).AddSingleton<PrometheusText>().BuildServiceProvider();

    private PrometheusText Text => _services.GetRequiredService<PrometheusText>();

    private ProxyMetrics Metrics => _services.GetRequiredService<ProxyMetrics>();

    private Meter Meter => Metrics.Meter;

    public void Dispose() => _services.Dispose();

    [Fact]
    public void Write_Counter_HasTypeHelpTotalAndSortedLabels()
    {
        Metrics.StoreReads.Add(1); // before anybody listens: not counted
        var page = Text;
        Metrics.StoreReads.Add(2, new("artifact", "zip"), new("tier", "disk"));
        Metrics.StoreReads.Add(3, new("tier", "disk"), new("artifact", "zip"));
        Assert.Contains(
            """
            # HELP proxycluster_store_reads_total Artifacts found, by the tier that had them; labels artifact, tier (memory, disk, shared, peer, upstream)
            # TYPE proxycluster_store_reads_total counter
            proxycluster_store_reads_total{artifact="zip",tier="disk"} 5

            """, Page(page), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_Histogram_IsCumulativeAndConsistent()
    {
        var histogram = Meter.CreateHistogram("t.wait", "s", "", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        var page = Text;
        foreach (var value in new[] { 0.05, 0.1, 0.5, 2, double.NaN })
            histogram.Record(value, new KeyValuePair<string, object?>("status", 200));
        Assert.Contains(
            """
            # TYPE t_wait_seconds histogram
            t_wait_seconds_bucket{status="200",le="0.1"} 2
            t_wait_seconds_bucket{status="200",le="1"} 3
            t_wait_seconds_bucket{status="200",le="+Inf"} 5
            t_wait_seconds_sum{status="200"} NaN
            t_wait_seconds_count{status="200"} 5

            """, Page(page), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_UpDownCounterAndGauge_AreGauges()
    {
        var gauge = Meter.CreateGauge<double>("t.level");
        var page = Text;
        Metrics.ActiveRequests.Add(3);
        Metrics.ActiveRequests.Add(-1);
        gauge.Record(7);
        gauge.Record(2.5);
        var text = Page(page);
        Assert.Contains("# TYPE proxycluster_request_active gauge\nproxycluster_request_active 2\n", text, StringComparison.Ordinal);
        Assert.Contains("t_level 2.5\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_ObservableInstrument_ShowsOnlyWhatItStillReports()
    {
        var upstreams = new List<string> { "a", "b" };
        Metrics.ObserveBreakers(() => upstreams.Select(name => new Measurement<int>(2, new KeyValuePair<string, object?>("upstream", name))));
        var page = Text;
        Assert.Contains("proxycluster_upstream_breaker_state{upstream=\"b\"} 2\n", Page(page), StringComparison.Ordinal);
        upstreams.Remove("b");
        var after = Page(page);
        Assert.Contains("proxycluster_upstream_breaker_state{upstream=\"a\"} 2\n", after, StringComparison.Ordinal);
        Assert.DoesNotContain("upstream=\"b\"", after, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_AwkwardLabels_AreEscapedAndCleaned()
    {
        var counter = Meter.CreateCounter<long>("t.odd", null, "two\nlines \\ one");
        var page = Text;
        counter.Add(1, new KeyValuePair<string, object?>("http.status-code", "a\"b\\c\nd"));
        counter.Add(1, new KeyValuePair<string, object?>("1st", null));
        var text = Page(page);
        Assert.Contains("# HELP t_odd_total two\\nlines \\\\ one\n", text, StringComparison.Ordinal);
        Assert.Contains("""t_odd_total{http_status_code="a\"b\\c\nd"} 1""", text, StringComparison.Ordinal);
        Assert.Contains("""t_odd_total{_1st=""} 1""", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_LabelGoneWild_EndsInOneOverflowSeries()
    {
        var counter = Meter.CreateCounter<long>("t.wild");
        var page = Text;
        for (var i = 0; i < 100; i++)
            counter.Add(1, new KeyValuePair<string, object?>("n", i));
        var text = Page(page);
        Assert.Contains("t_wild_total{otel_metric_overflow=\"true\"} 80\n", text, StringComparison.Ordinal);
        Assert.Equal(21, Regex.Count(text, "(?m)^t_wild_total\\{"));
    }

    [Fact]
    public void Write_AnotherHostInThisProcess_IsNotCounted()
    {
        using var other = new ServiceCollection().AddMetrics().AddSingleton<ProxyMetrics>().BuildServiceProvider();
        var page = Text;
        other.GetRequiredService<ProxyMetrics>().Blocked.Add(5);
        Metrics.Blocked.Add(1);
        Assert.Contains("proxycluster_request_blocked_total 1\n", Page(page), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_Always_HasBuildAndRuntimeAndOnlyWellFormedLines()
    {
        var page = Text;
        Metrics.RequestDuration.Record(0.01, new("artifact", "info"), new("outcome", "hit"), new("status", "200"));
        var text = Page(page);
        Assert.Contains("proxycluster_build_info{commit=", text, StringComparison.Ordinal);
        Assert.Contains("dotnet_gc_collections_total{", text, StringComparison.Ordinal);
        Assert.Contains("dotnet_process_memory_working_set_bytes ", text, StringComparison.Ordinal);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var line = new Regex("""^(# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* .+|[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_]\w*="([^"\\]|\\.)*",?)+\})? (NaN|[+-]Inf|-?[0-9.]+(E[+-]?[0-9]+)?))$""");
        Assert.All(text.TrimEnd('\n').Split('\n'), each => Assert.Matches(line, each));
        var types = Regex.Matches(text, "(?m)^# TYPE (\\S+)").Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(types.Distinct(), types);
    }

    [Fact]
    public void Record_FromManyThreads_LosesNothing()
    {
        var histogram = Meter.CreateHistogram<double>("t.many", "s");
        var page = Text;
        Parallel.For(0, 40_000, i => histogram.Record(1, new KeyValuePair<string, object?>("n", Names[i % Names.Length])));
        var text = Page(page);
        Assert.All(Names, name =>
        {
            Assert.Contains($"t_many_seconds_count{{n=\"{name}\"}} 10000\n", text, StringComparison.Ordinal);
            Assert.Contains($"t_many_seconds_sum{{n=\"{name}\"}} 10000\n", text, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Record_KnownLabels_AllocatesNothing()
    {
        _ = Text;
        Record(100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Record(1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Record(int times)
        {
            for (var i = 0; i < times; i++)
                Metrics.RequestDuration.Record(0.001, new("artifact", "zip"), new("outcome", "hit"), new("status", "200"));
        }
    }

    private static readonly string[] Names = ["a", "b", "c", "d"];

    private static string Page(PrometheusText page)
    {
        var buffer = new ArrayBufferWriter<byte>();
        page.Write(buffer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
