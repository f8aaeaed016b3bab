using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Lines;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Lines;

/// <summary>A room of lines without a process around it, on a clock that the test moves.</summary>
internal sealed class TestLines : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public TestLines()
    {
        Metrics = new ProxyMetrics(_services.GetRequiredService<IMeterFactory>());
        Pulse = new Pulse(Peers, Metrics, Clock, NullLogger<Pulse>.Instance);
        Hedged = new HedgedAsk(Pulse, Peers, Clock);
    }

    public static PeerOptions Options { get; } = new();

    public static IOptions<PeerOptions> Peers { get; } = Microsoft.Extensions.Options.Options.Create(Options);

    public ManualTimeProvider Clock { get; } = new();

    public ProxyMetrics Metrics { get; }

    public Pulse Pulse { get; }

    public HedgedAsk Hedged { get; }

    public static Member Peer(string id) => new(id, "tokyo", new Uri("http://127.0.0.1:1"), Role.Silo, "");

    public void Dispose() => _services.Dispose();
}
