using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Silos;
using ProxyCluster.TestKit.Redis;
using ProxyCluster.Tests.Clustering;

namespace ProxyCluster.Tests.Silos;

/// <summary>
/// Engines on a real Redis, each with a clock, a line to Redis and lines to other silos of its own, which all stand still
/// while it is frozen.
/// </summary>
internal sealed class OrleansSite(RedisProcess redis) : EngineSite
{
    private readonly Dictionary<IEngine, (FreezableTime Time, TcpRelay Relay)> _processes = [];
    private readonly List<Task> _dying = [];

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
            ["Orleans:Endpoints:SiloPort"] = FreePort().ToString(CultureInfo.InvariantCulture),
        }).Build();
        var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(settings)
            .AddSingleton<TimeProvider>(time)
            .AddMetrics()
            .AddSingleton<MemoryStore>()
            .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance)
            .AddSingleton<MemoryStore>()
            .AddSingleton(Options.Create(new OrleansOptions()))
            .AddSingleton(Options.Create(new ClusteringOptions { Engine = "orleans", Name = "tests", HeartbeatInterval = TimeSpan.FromMilliseconds(300) }))
            .BuildServiceProvider();
        var rooms = new Rooms(services) { ConfigureSilo = silo => FreezableLines.Apply(silo, time) };
        var engine = new OrleansEngine(rooms, time, NullLogger<OrleansEngine>.Instance);
        _processes[engine] = (time, relay);
        return engine;
    }

    protected override async ValueTask DisposeSiteAsync()
    {
        await Task.WhenAll(_dying);
        foreach (var (_, relay) in _processes.Values)
            relay.Dispose();
        await redis.DisposeAsync();
    }

    private static string ConnectionOf(int port) =>
        string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port},connectTimeout=1000,asyncTimeout=1000,syncTimeout=1000");

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
