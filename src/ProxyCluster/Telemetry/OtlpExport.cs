using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using ProxyCluster.Configuration;

namespace ProxyCluster.Telemetry;

/// <summary>
/// Sends traces and metrics to an OpenTelemetry collector, from start to shutdown, when an endpoint is configured. Where
/// none is, nothing of the SDK is loaded and no request is sampled. A collector that is slow or gone costs the exports
/// that it misses and never a request; at shutdown it is waited for no longer than the flush timeout.
/// </summary>
internal sealed partial class OtlpExport(IMeterFactory meters, IOptions<TelemetryOptions> options, ILogger<OtlpExport> logger) : IHostedService, IDisposable
{
    private Providers? _providers;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.OtlpEndpoint is { } endpoint)
        {
            _providers = new Providers(meters, options.Value, endpoint);
            Log.Started(logger, Masking.Text(endpoint.AbsoluteUri), options.Value.OtlpProtocol);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) =>
        // The SDK flushes by blocking; off this thread it cannot hold up the others that stop.
        _providers is { } providers ? Task.Run(providers.Flush, CancellationToken.None) : Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _providers?.Dispose();

    /// <summary>Where a signal goes, and how.</summary>
    internal static void Point(OtlpExporterOptions exporter, TelemetryOptions options, Uri endpoint, string path)
    {
        var isGrpc = options.OtlpProtocol == "grpc";
        exporter.Protocol = isGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;

        // An endpoint that is set in code is taken as it is; the signal's path is ours to add (OTLP specification).
        exporter.Endpoint = isGrpc ? endpoint : new Uri(endpoint.AbsoluteUri.TrimEnd('/') + "/" + path);
        if (options.OtlpHeaders.Length > 0)
            exporter.Headers = options.OtlpHeaders;
    }

    /// <summary>Apart, so that the SDK's assemblies are loaded only with an endpoint.</summary>
    private sealed class Providers : IDisposable
    {
        private readonly TracerProvider _traces;
        private readonly MeterProvider _metrics;
        private readonly int _flushMilliseconds;

        public Providers(IMeterFactory meters, TelemetryOptions options, Uri endpoint)
        {
            var resource = ResourceBuilder.CreateDefault().AddService("proxycluster", serviceVersion: BuildInfo.Version);
            _flushMilliseconds = (int)options.OtlpFlushTimeout.TotalMilliseconds;
            _traces = Sdk.CreateTracerProviderBuilder()
                .SetResourceBuilder(resource)
                .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(options.TraceRatio)))
                .AddSource([Tracing.SourceName, Tracing.ServerSourceName, .. Tracing.SiloSourceNames])
                .AddOtlpExporter(exporter => Point(exporter, options, endpoint, "v1/traces"))
                .Build();
            _metrics = Sdk.CreateMeterProviderBuilder()
                .SetResourceBuilder(resource)
                .AddMeter([.. HostMeters.Names])
                .AddView(instrument => HostMeters.Has(instrument, meters) ? null : MetricStreamConfiguration.Drop)
                .AddOtlpExporter((exporter, reader) =>
                {
                    Point(exporter, options, endpoint, "v1/metrics");
                    reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)options.OtlpInterval.TotalMilliseconds;
                })
                .Build();
        }

        public void Flush()
        {
            _traces.Shutdown(_flushMilliseconds);
            _metrics.Shutdown(_flushMilliseconds);
        }

        public void Dispose()
        {
            _traces.Dispose();
            _metrics.Dispose();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Export of traces and metrics to {Endpoint} started ({Protocol})")]
        public static partial void Started(ILogger logger, string endpoint, string protocol);
    }
}
