using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ProxyCluster.Fetching;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Credentials;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Verification;

/// <summary>The room with its real parts, over a temporary data directory, with its logs and security events at hand.</summary>
internal sealed class VerificationRoom : IDisposable, IAsyncDisposable, ILoggerProvider, ILogger
{
    private readonly ServiceProvider _services;
    private readonly MeterListener _listener = new();

    public VerificationRoom(VerificationOptions options, string data, TimeProvider? clock = null, UpstreamsOptions? upstreams = null, long maxBytes = long.MaxValue)
    {
        _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        ProxyMetrics metrics = new(_services.GetRequiredService<IMeterFactory>());
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument, metrics.SecurityEvents))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, _, tags, _) => SecurityEvents.Enqueue((string)tags[0].Value!));
        _listener.Start();

        Clock = clock ?? new ManualTimeProvider();
        var loggers = LoggerFactory.Create(logging => logging.AddProvider(this));
        var wrapped = Options.Create(options);
        var fetching = Options.Create(upstreams ?? new UpstreamsOptions());
        var ways = new UpstreamDatabaseWays(new UpstreamRoutes(fetching, wrapped), TestLogins.Nobody);
        Proofs = new ProofDirectory(ProofDirectory.Bounded(Path.Combine(data, "sumdb"), maxBytes, this));
        Databases = new ChecksumDatabases(wrapped, Proofs, Clock, metrics, loggers, TestLogins.Nobody, ways);
        Verifier = new Verifier(Databases, wrapped, Clock, metrics);
        Mirror = new ChecksumDatabaseMirror(Databases, wrapped, Clock);
    }

    public TimeProvider Clock { get; }

    public ProofDirectory Proofs { get; }

    public ChecksumDatabases Databases { get; }

    public Verifier Verifier { get; }

    public ChecksumDatabaseMirror Mirror { get; }

    public ConcurrentQueue<string> SecurityEvents { get; } = new();

    public ConcurrentQueue<string> Lines { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await Proofs.DisposeAsync();
        Dispose();
    }

    public void Dispose()
    {
        _listener.Dispose();
        Databases.Dispose();
        _services.Dispose();
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue($"{logLevel}: {formatter(state, exception)}");
}
