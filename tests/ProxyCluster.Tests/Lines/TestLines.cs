using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Lines;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Lines;

/// <summary>A room of lines without a process around it, on a clock that the test moves.</summary>
internal sealed class TestLines : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    private readonly LoggerFactory _loggers;

    public TestLines(Uri? gateway = null)
    {
        _loggers = new LoggerFactory([Log]);
        Metrics = new ProxyMetrics(_services.GetRequiredService<IMeterFactory>());
        Pulse = new Pulse(Peers, Metrics, Clock, NullLogger<Pulse>.Instance);
        Hedged = new HedgedAsk(Pulse, Peers, Clock, _loggers.CreateLogger<HedgedAsk>());
        var cluster = Microsoft.Extensions.Options.Options.Create(new ClusteringOptions { Region = "tokyo", Gateway = gateway });
        Calls = new PeerCalls(
            new ClusterSecret(new byte[32]),
            new ClusterSelf(new LocalEngine(new LocalCluster(), Clock, NullLogger<LocalEngine>.Instance), cluster),
            PeerCertificates.Load(new PeerTlsOptions()),
            Pulse,
            Peers,
            cluster,
            Clock);
        Lines = new PeerLines(Calls, Pulse, Peers, Clock);
    }

    public static PeerOptions Options { get; } = new();

    public static IOptions<PeerOptions> Peers { get; } = Microsoft.Extensions.Options.Options.Create(Options);

    public SiloLog Log { get; } = new();

    public ManualTimeProvider Clock { get; } = new();

    public ProxyMetrics Metrics { get; }

    public Pulse Pulse { get; }

    public HedgedAsk Hedged { get; }

    public PeerCalls Calls { get; }

    public PeerLines Lines { get; }

    public static Member Peer(string id) => new(id, "tokyo", new Uri("http://127.0.0.1:1"), Role.Silo, "");

    public void Dispose()
    {
        Calls.Dispose();
        _loggers.Dispose();
        _services.Dispose();
    }
}
