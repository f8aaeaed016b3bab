using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Failover;
using ProxyCluster.Failover.DnsUpdates;
using ProxyCluster.Routing;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Dns;
using ProxyCluster.Tests.Clustering;

namespace ProxyCluster.Tests.Failover.DnsUpdates;

/// <summary>Records that follow the regions, at a real BIND.</summary>
[Trait("Needs", "dns")]
public sealed class DnsRecordsTests : IAsyncLifetime
{
    private const string Name = "tokyo.go.example";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private BindProcess _bind = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _bind = await BindProcess.StartAsync();

    public ValueTask DisposeAsync() => _bind.DisposeAsync();

    [Fact]
    public async Task Region_DrainedThenBack_ItsNameMovesAndComesBack()
    {
        await using var system = await RegionsSystem.StartAsync(_ =>
        [
            ("Failover:Order:tokyo", "sanjose,frankfurt"),
            ("Failover:Dns:Server", _bind.Server),
            ("Failover:Dns:Zone", BindProcess.Zone),
            ("Failover:Dns:KeyFile", _bind.KeyFile),
            ("Failover:Dns:All", "all.go.example"),
            ("Failover:Dns:Regions:0:Region", "tokyo"),
            ("Failover:Dns:Regions:0:Name", Name),
            ("Failover:Dns:Regions:0:Addresses", "10.0.0.1,10.0.0.2"),
            ("Failover:Dns:Regions:1:Region", "frankfurt"),
            ("Failover:Dns:Regions:1:Addresses", "10.1.0.1"),
            ("Failover:Dns:Regions:2:Region", "sanjose"),
            ("Failover:Dns:Regions:2:Addresses", "10.2.0.1"),
        ]);
        await UntilAsync("10.0.0.1 10.0.0.2");
        await UntilAsync("10.0.0.1 10.0.0.2 10.1.0.1 10.2.0.1", "all.go.example");

        using (var drained = await system.OrderAsync("sanjose", "tokyo", "drain"))
            Assert.Equal(HttpStatusCode.OK, drained.StatusCode);
        await UntilAsync("10.2.0.1");
        await UntilAsync("10.1.0.1 10.2.0.1", "all.go.example");

        using (var undrained = await system.OrderAsync("sanjose", "tokyo", "undrain"))
            Assert.Equal(HttpStatusCode.OK, undrained.StatusCode);
        await UntilAsync("10.0.0.1 10.0.0.2");

        // By its health, and the one who decides with it: another one does it then.
        var authority = RegionsSystem.Names.Single(region => system[region].IsAuthority);
        await system.KillAsync(authority);
        await UntilAsync(authority == "tokyo" ? "10.2.0.1" : "10.0.0.1 10.0.0.2");
        await Waiting.UntilAsync(
            async () => !(await _bind.AskAsync("all.go.example", "A")).Contains(authority switch { "tokyo" => "10.0", "frankfurt" => "10.1", _ => "10.2" }, StringComparison.Ordinal),
            "the lost region is not among those in service");
    }

    [Fact]
    public async Task Server_Away_IsAskedAgainWithGrowingPausesUntilItIsBack()
    {
        var (clock, cluster) = (new ManualTimeProvider(DateTimeOffset.UtcNow), new LocalCluster());
        await using var services = new ServiceCollection().AddMetrics().AddSingleton<ProxyMetrics>().BuildServiceProvider();
        await using var engine = new LocalEngine(cluster, clock, NullLogger<LocalEngine>.Instance);
        await engine.JoinAsync(EngineSite.MemberOf("tokyo-1", "tokyo"), Cancel);
        var table = RoutingTable.Empty with { Epoch = 1, Regions = [new RegionEntry("tokyo", RegionState.Active, default, "a test")] };
        Assert.Equal(PublishStatus.Published, (await engine.TryPublishAsync(table, Cancel)).Status);
        var options = new FailoverOptions
        {
            DeliveryPause = TimeSpan.FromSeconds(3),
            Dns = new()
            {
                Server = _bind.Server,
                Zone = BindProcess.Zone,
                KeyFile = _bind.KeyFile,
                Timeout = TimeSpan.FromSeconds(77),
                Regions = [new() { Region = "tokyo", Name = Name, Addresses = ["10.0.0.1"] }],
            },
        };
        await _bind.StopAsync();

        using var records = new DnsRecords(
            new ClusterSelf(engine, Microsoft.Extensions.Options.Options.Create(new ClusteringOptions { Region = "tokyo" })),
            Microsoft.Extensions.Options.Options.Create(options),
            services.GetRequiredService<ProxyMetrics>(),
            clock,
            NullLogger<DnsRecords>.Instance);
        await records.StartAsync(Cancel);
        foreach (var pause in new[] { 3, 6 })
        {
            await clock.TimerDueIn(TimeSpan.FromSeconds(pause)).WaitAsync(Limit, Cancel);
            clock.Advance(TimeSpan.FromSeconds(pause));
        }

        await clock.TimerDueIn(TimeSpan.FromSeconds(12)).WaitAsync(Limit, Cancel);
        await _bind.StartAgainAsync();
        clock.Advance(TimeSpan.FromSeconds(12));
        await UntilAsync("10.0.0.1");

        // From then on it is looked after, whatever others do to it.
        await clock.TimerDueIn(options.Dns.Every).WaitAsync(Limit, Cancel);
        Assert.Null(await DnsUpdateCall.SendAsync(options.Dns, [DnsUpdateTests.HoldingOf(Name, "10.66.0.1")], clock, Cancel));
        clock.Advance(options.Dns.Every);
        await UntilAsync("10.0.0.1");
        await records.StopAsync(Cancel);
    }

    private Task UntilAsync(string addresses, string name = Name) =>
        Waiting.UntilAsync(async () => await _bind.AskAsync(name, "A") == addresses, $"{name} is {addresses}");
}
