using System.ComponentModel.DataAnnotations;
using ProxyCluster.Configuration;

namespace ProxyCluster.Telemetry;

/// <summary>What the silo says about itself, and where to. Section <c>Telemetry</c>.</summary>
internal sealed class TelemetryOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Telemetry";

    /// <summary>
    /// Least important log line that is written. Default Information: changes of state, not requests. Debug adds a line
    /// per upstream request. Rules per category go under <c>Logging:LogLevel</c>.
    /// </summary>
    public LogLevel LogLevel { get; set; } = LogLevel.Information;

    /// <summary><c>text</c>, one line per event for people (default), or <c>json</c>, one object per line for collectors.</summary>
    [AllowedValues("text", "json")]
    public string LogFormat { get; set; } = "text";

    /// <summary>
    /// Base URL of an OpenTelemetry collector, e.g. <c>http://localhost:4318</c>. Default none, which costs nothing: no
    /// exporter is built and no request is traced.
    /// </summary>
    public Uri? OtlpEndpoint { get; set; }

    /// <summary>
    /// How the collector is spoken to: <c>http/protobuf</c> (default, port 4318 by convention) or <c>grpc</c> (4317).
    /// </summary>
    [AllowedValues("http/protobuf", "grpc")]
    public string OtlpProtocol { get; set; } = "http/protobuf";

    /// <summary>Headers for the collector, <c>name=value,…</c>, where its access tokens go. Default none.</summary>
    [Secret]
    public string OtlpHeaders { get; set; } = "";

    /// <summary>
    /// Time between two exports of the metrics. Default one minute. Less of it gives finer curves for more traffic.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan OtlpInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Time that the last export may take at shutdown. Default two seconds. More of it saves the last figures when the
    /// collector is slow, and makes every stop wait when it is gone.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan OtlpFlushTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Share of requests that are traced where the client did not decide it by its <c>traceparent</c>. Default 0.05.
    /// More of it costs allocations per traced request.
    /// </summary>
    [Range(0.0, 1.0)]
    public double TraceRatio { get; set; } = 0.05;

    /// <summary>
    /// Label combinations that <c>/metrics</c> keeps per instrument. Default 2,000; what is over it is counted in one
    /// series labelled <c>otel_metric_overflow</c>. More of it costs about 300 bytes per series and a longer page.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxSeries { get; set; } = 2_000;
}
