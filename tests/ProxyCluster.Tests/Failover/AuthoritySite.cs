using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Failover;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Clustering;

namespace ProxyCluster.Tests.Failover;

/// <summary>Failover authorities on engines, with a clock that a test moves and looks that a test takes.</summary>
internal sealed class AuthoritySite : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly List<IAsyncDisposable> _engines = [];
    private readonly List<IDisposable> _others = [];

    public AuthoritySite() => Metrics = new ProxyMetrics(_services.GetRequiredService<IMeterFactory>());

    public ManualTimeProvider Clock { get; } = new();

    public LocalCluster Cluster { get; } = new();

    public ProxyMetrics Metrics { get; }

    public FailoverOptions Options { get; } = new();

    public Dictionary<string, FailoverAuthority> Authorities { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, IEngine> Engines { get; } = new(StringComparer.Ordinal);

    /// <summary>A member that has joined the local cluster.</summary>
    public async Task<FailoverAuthority> JoinAsync(string id, string region)
    {
        var engine = new LocalEngine(Cluster, Clock, NullLogger<LocalEngine>.Instance);
        await engine.JoinAsync(EngineSite.MemberOf(id, region), TestContext.Current.CancellationToken);
        _engines.Add(engine);
        return On(engine);
    }

    /// <summary>A failover authority on an engine that somebody else joined and disposes.</summary>
    public FailoverAuthority On(IEngine engine, params IEventReceiver[] receivers)
    {
        var member = engine.Self!;
        var self = new ClusterSelf(engine, Microsoft.Extensions.Options.Options.Create(new ClusteringOptions { Region = member.Region }));
        self.Become(member);
        var outbox = new EventOutbox(receivers, Options, Metrics, Clock, NullLogger<EventOutbox>.Instance);
        var authority = new FailoverAuthority(
            self, outbox, Microsoft.Extensions.Options.Options.Create(Options), Metrics, Clock, NullLogger<FailoverAuthority>.Instance);
        _others.AddRange([authority, outbox]);
        Engines[member.Id] = engine;
        return Authorities[member.Id] = authority;
    }

    /// <summary>A report in which all is well.</summary>
    public static HealthReport ReportOf(string id, string region, long sequence) => new()
    {
        Member = id,
        Region = region,
        Sequence = sequence,
        Store = new StoreHealth(true, 1, null, 1, 2),
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var other in _others)
            other.Dispose();
        foreach (var engine in _engines)
            await engine.DisposeAsync();
        await _services.DisposeAsync();
    }
}
