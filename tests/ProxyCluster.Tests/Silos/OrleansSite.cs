using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Failover;
using ProxyCluster.Grains;
using ProxyCluster.Silos;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Redis;
using ProxyCluster.Tests.Clustering;
using ProxyCluster.Tests.Failover;

namespace ProxyCluster.Tests.Silos;

/// <summary>
/// Engines on a real Redis, each with a clock, a line to Redis and lines to other silos of its own, which all stand still
/// while it is frozen. Each reports, as every member does; it hears of the routing table by that.
/// </summary>
internal sealed class OrleansSite(RedisProcess redis) : EngineSite
{
    private readonly Dictionary<IEngine, (FreezableTime Time, TcpRelay Relay)> _processes = [];
    private readonly List<Task> _dying = [];
    private readonly List<Task> _reporting = [];
    private readonly CancellationTokenSource _end = new();
    private readonly AuthoritySite _authorities = new();

    public int RedisPort => redis.Port;

    public static async Task<OrleansSite> OpenAsync() => new(await RedisProcess.StartAsync());

    /// <summary>Frozen for ever, so that nothing of how it ends is heard by anybody.</summary>
    public override Task KillAsync(IEngine engine)
    {
        _processes[engine].Time.Freeze();
        _dying.Add(engine.DisposeAsync().AsTask());
        return Task.CompletedTask;
    }

    public override void Freeze(IEngine engine) => _processes[engine].Time.Freeze();

    public override void Thaw(IEngine engine) => _processes[engine].Time.Thaw();

    /// <summary>It can reach the other silos, and Redis no more.</summary>
    public void CutFromStore(IEngine engine) => _processes[engine].Relay.Dispose();

    public override Task LoseAsync() => redis.KillAsync();

    public override Task RestoreAsync() => redis.StartAgainAsync();

    protected override IEngine Create(string id)
    {
        var time = new FreezableTime();
        var relay = new TcpRelay(redis.Port, time);
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Orleans:Clustering:ProviderType"] = "Redis",
            ["Orleans:Clustering:ConnectionString"] = ConnectionOf(relay.Port),
            ["Orleans:GrainStorage:Default:ProviderType"] = "Redis",
            ["Orleans:GrainStorage:Default:ConnectionString"] = ConnectionOf(relay.Port),
            ["Orleans:Endpoints:AdvertisedIPAddress"] = "127.0.0.1",
            ["Orleans:Endpoints:SiloPort"] = LoopbackPort.Free().ToString(CultureInfo.InvariantCulture),
        }).Build();
        var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(settings)
            .AddSingleton<TimeProvider>(time)
            .AddMetrics()
            .AddSingleton<MemoryStore>()
            .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance)
            .AddSingleton<MemoryStore>()
            .AddSingleton(Options.Create(new OrleansOptions()))
            .AddSingleton(Options.Create(new ClusteringOptions { Engine = "orleans", Name = "tests" }))
            .AddSingleton<OrleansEngine>()
            .AddSingleton(provider => new Rooms(provider) { ConfigureSilo = silo => FreezableLines.Apply(silo, () => time.Running) })
            .AddSingleton(provider => AuthorityOf(provider.GetRequiredService<OrleansEngine>()))
            .AddSingleton<GrainAuthorityCalls>()
            .AddLogging()
            .BuildServiceProvider();
        var engine = services.GetRequiredService<OrleansEngine>();
        _processes[engine] = (time, relay);
        _reporting.Add(ReportAsync(engine, services));
        return engine;
    }

    // It hears the reports and never looks at them: tests publish themselves.
    private FailoverAuthority AuthorityOf(OrleansEngine engine)
    {
        lock (_authorities)
            return _authorities.On(engine);
    }

    private async Task ReportAsync(OrleansEngine engine, IServiceProvider rooms)
    {
        using var interval = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (!_end.IsCancellationRequested)
        {
            if (engine.Self is { } self)
            {
                var report = AuthoritySite.ReportOf(self.Id, self.Region, Environment.TickCount64) with { Epoch = engine.View.Routing.Epoch };
                Task reporting = rooms.GetRequiredService<GrainAuthorityCalls>().ReportAsync(report, TimeSpan.FromSeconds(1), _end.Token);
                await reporting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await interval.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    protected override async ValueTask DisposeSiteAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_reporting);
        await Task.WhenAll(_dying);
        await _authorities.DisposeAsync();
        _end.Dispose();
        foreach (var (_, relay) in _processes.Values)
            relay.Dispose();
        await redis.DisposeAsync();
    }

    private static string ConnectionOf(int port) =>
        string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port},connectTimeout=1000,asyncTimeout=1000,syncTimeout=1000");
}
