using Microsoft.Extensions.Logging.Abstractions;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Etcd;
using ProxyCluster.TestKit.Etcd;

namespace ProxyCluster.Tests.Clustering.Etcd;

/// <summary>Engines on real etcd processes, each with a clock and connections of its own.</summary>
internal sealed class EtcdSite(EtcdCluster etcd) : EngineSite
{
    private readonly Dictionary<IEngine, (FreezableTime Time, FreezableTransport Transport)> _processes = [];

    public EtcdCluster Etcd => etcd;

    /// <summary>Changes the options of engines created from now on.</summary>
    public Action<ClusteringOptions> Configure { get; set; } = static _ => { };

    public static async Task<EtcdSite> OpenAsync(int size) => new(await EtcdCluster.StartAsync(size));

    public override async Task KillAsync(IEngine engine) => await engine.DisposeAsync();

    public override void Freeze(IEngine engine) => _processes[engine].Time.Freeze();

    public override void Thaw(IEngine engine) => _processes[engine].Time.Thaw();

    /// <summary>Breaks the engine's connections, and lets it make no others.</summary>
    public void Cut(IEngine engine) => _processes[engine].Transport.Cut();

    /// <summary>Lets it connect again.</summary>
    public void Mend(IEngine engine) => _processes[engine].Transport.Mend();

    public override Task LoseAsync() => etcd.KillAllAsync();

    public override Task RestoreAsync() => etcd.StartAllAsync();

    /// <summary>Short times: leases of two seconds, the least that etcd keeps.</summary>
    public static ClusteringOptions OptionsFor(IEnumerable<Uri> endpoints)
    {
        var options = new ClusteringOptions
        {
            Engine = "etcd",
            Name = "tests",
            LeaseTtl = TimeSpan.FromSeconds(2),
            HeartbeatInterval = TimeSpan.FromMilliseconds(500),
            ReturnGrace = TimeSpan.FromSeconds(4),
        };
        options.Etcd.Endpoints = [.. endpoints];
        options.Etcd.WatchSilence = TimeSpan.FromSeconds(1);
        options.Etcd.MaxBackoff = TimeSpan.FromSeconds(1);
        return options;
    }

    protected override IEngine Create(string id)
    {
        var options = OptionsFor(etcd.Endpoints);
        Configure(options);
        var time = new FreezableTime();
        var transport = new FreezableTransport(time, EtcdTransport.Create(options.Etcd));
        var engine = new EtcdEngine(new EtcdClient(options.Etcd, time, transport), options, time, NullLogger<EtcdEngine>.Instance);
        _processes[engine] = (time, transport);
        return engine;
    }

    protected override ValueTask DisposeSiteAsync() => etcd.DisposeAsync();
}
