using Microsoft.Extensions.Options;
using OpenTelemetry.Logs;
using OpenTelemetry.Resources;

namespace ProxyCluster.Telemetry;

/// <summary>
/// Sends the audit log to an OpenTelemetry collector as log records of one category, where an endpoint is configured. In batches, from a
/// queue of its own that leaves out what is too much: whoever writes is never held up, and the files have it all.
/// </summary>
internal sealed class OtlpLogs(IOptions<TelemetryOptions> options) : IDisposable
{
    private const string Category = "ProxyCluster.Audit";

    private readonly Records? _records = options.Value.OtlpEndpoint is null ? null : new Records(options.Value);

    /// <summary>Is there somebody to send to?</summary>
    public bool IsOn => _records is not null;

    /// <summary>Sends a record.</summary>
    /// <param name="name">Its event's name, which is its body too.</param>
    /// <param name="values">Its attributes; the first one holds the name.</param>
    public void Write(string name, IReadOnlyList<KeyValuePair<string, object?>> values) =>
        _records?.Logger.Log(LogLevel.Information, new EventId(0, name), values, null, static (values, _) => (string?)values[0].Value ?? "");

    /// <inheritdoc/>
    public void Dispose() => _records?.Dispose();

    /// <summary>Apart, so that the SDK's assemblies are loaded only with an endpoint.</summary>
    private sealed class Records : IDisposable
    {
        private readonly ServiceProvider _services;
        private readonly int _flushMilliseconds;

        public Records(TelemetryOptions options)
        {
            _flushMilliseconds = (int)options.OtlpFlushTimeout.TotalMilliseconds;
            _services = new ServiceCollection().AddLogging(logging => logging.AddOpenTelemetry(records =>
            {
                records.SetResourceBuilder(ResourceBuilder.CreateDefault().AddService("proxycluster", serviceVersion: BuildInfo.Version));
                records.AddOtlpExporter(exporter => OtlpExport.Point(exporter, options, options.OtlpEndpoint!, "v1/logs"));
            })).BuildServiceProvider();
            Logger = _services.GetRequiredService<ILoggerFactory>().CreateLogger(Category);
        }

        public ILogger Logger { get; }

        // A collector that is gone is waited for no longer than that.
        public void Dispose()
        {
            _services.GetService<LoggerProvider>()?.Shutdown(_flushMilliseconds);
            _services.Dispose();
        }
    }
}
