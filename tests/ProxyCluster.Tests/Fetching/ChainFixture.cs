using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ProxyCluster.Fetching;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Credentials;

namespace ProxyCluster.Tests.Fetching;

/// <summary>A chain over real sockets with a clock that stands still, everything it logs and everything it counts.</summary>
internal sealed class ChainFixture : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener _listener = new();
    private readonly RecordingLogger _logger = new();

    public ChainFixture(string list, Action<UpstreamsOptions>? configure = null, ProxyCluster.Credentials.CredentialsOptions? credentials = null, Action<SocketsHttpHandler>? handler = null, string? privates = null, ProxyCluster.Sockets.RedirectGuard? guard = null, ProxyCluster.Credentials.RunCommand? run = null)
    {
        Options = new UpstreamsOptions { List = list, Backoff = TimeSpan.Zero };
        configure?.Invoke(Options);
        var metrics = Metrics = new ProxyMetrics(_services.GetRequiredService<IMeterFactory>());
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, metrics.Meter))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Measurements.Enqueue(
            $"{instrument.Name}{{{string.Join(",", tags.ToArray().Select(t => $"{t.Key}={t.Value}"))}}} {value}"));
        _listener.Start();

        Assert.True(GoProxyList.TryParse(list, out var parsed, out var error), error);
        var options = Microsoft.Extensions.Options.Options.Create(Options);
        var logins = Logins = TestLogins.Of(credentials ?? new(), run: run);
        Chain = new UpstreamChain(new UpstreamRoutes(parsed, Options.Modules, ModulePathPatterns.Parse(privates)), Create, options, Clock, metrics, new Logger<UpstreamChain>(new SingleLoggerFactory(_logger)), () => 0.5);

        IUpstream Create(GoProxyEntry entry)
        {
            if (entry.Kind is not GoProxyEntryKind.Http)
                return UpstreamChain.CreateUpstream(entry, options, logins, Clock);

            var sockets = HttpUpstream.CreateHandler(Options, Clock, guard ?? new ProxyCluster.Sockets.RedirectGuard([], allows: false));
            handler?.Invoke(sockets);
            return new HttpUpstream(entry, logins, options, Clock, sockets);
        }
    }

    public static ModuleVersion Mux { get; } = ParseVersion("github.com/gorilla/mux", "v1.8.0");

    public static UpstreamRequest Zip { get; } = new(UpstreamResource.Artifact(Mux, ArtifactKind.Zip));

    public static string ZipPath => "/github.com/gorilla/mux/@v/v1.8.0.zip";

    public UpstreamsOptions Options { get; }

    public ProxyCluster.Credentials.Logins Logins { get; }

    public UpstreamChain Chain { get; }

    public ManualTimeProvider Clock { get; } = new();

    public ProxyMetrics Metrics { get; }

    public ConcurrentQueue<string> Measurements { get; } = new();

    public IEnumerable<string> Logs => _logger.Lines;

    public static ModuleVersion ParseVersion(string path, string version)
    {
        Assert.True(ModulePath.TryParse(path, out var parsed, out var error), error);
        return new ModuleVersion(parsed, version);
    }

    /// <summary>Fetches and reads the whole body as text.</summary>
    public Task<Outcome<string>> FetchAsync(UpstreamRequest? request = null) =>
        Chain.FetchAsync(request ?? Zip, ReadAsync, TestContext.Current.CancellationToken);

    public static async Task<Outcome<string>> ReadAsync(UpstreamAnswer answer, CancellationToken ct)
    {
        using var reader = new StreamReader(answer.Body, Encoding.UTF8);
        return await reader.ReadToEndAsync(ct);
    }

    public void Dispose()
    {
        Chain.Dispose();
        Logins.Dispose();
        _listener.Dispose();
        _services.Dispose();
    }

    private sealed class SingleLoggerFactory(ILogger logger) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => logger;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }
    }

    private sealed class RecordingLogger : ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");
    }
}
