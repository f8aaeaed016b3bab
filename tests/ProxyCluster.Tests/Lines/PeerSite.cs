using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Configuration;
using ProxyCluster.Demo;
using ProxyCluster.Hosting;
using ProxyCluster.Routing;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Tests.Lines;

/// <summary>
/// A cluster of whole hosts in one process on real sockets, with the sample modules behind one upstream that counts, and
/// room for members that a test writes itself.
/// </summary>
internal sealed class PeerSite : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _members = [];
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("proxycluster-peers-");

    private PeerSite(OutsideWorld world) => World = world;

    public OutsideWorld World { get; }

    public LocalCluster Cluster { get; } = new();

    public HttpClient Client { get; } = new() { Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>The module that tests ask for.</summary>
    public PackedModule Module => World.Modules[0];

    /// <summary>Path of its zip below a base URL.</summary>
    public string Zip => $"/{Module.Module.Path.Escaped}/@v/{Module.Module.EscapedVersion}.zip";

    /// <summary>Another module, with other content.</summary>
    public PackedModule Other => World.Modules.First(m => m.Module.Path != Module.Module.Path);

    /// <summary>The engines of the hosts.</summary>
    public IEnumerable<IEngine> Engines => _members.OfType<WebApplication>().Select(static host => host.Services.GetRequiredService<IEngine>());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<PeerSite> StartAsync() =>
        new(await OutsideWorld.StartAsync(TimeSpan.Zero, TimeProvider.System, Cancel));

    /// <summary>Has the authority publish a table with these regions.</summary>
    public async Task PublishAsync(params (string Region, RegionState State)[] regions)
    {
        var authority = Engines.First(static engine => engine.IsAuthority);
        PublishStatus status;
        do
        {
            var table = new RoutingTable(
                authority.View.Routing.Epoch + 1,
                [.. regions.Select(static r => new RegionEntry(r.Region, r.State, DateTimeOffset.UnixEpoch, "a test says so"))],
                ImmutableDictionary<string, ImmutableArray<string>>.Empty,
                "authority",
                DateTimeOffset.UnixEpoch);
            status = (await authority.TryPublishAsync(table, Cancel)).Status;
        }
        while (status == PublishStatus.Superseded); // by the authority itself, which looks at the members that have just joined
        Assert.Equal(PublishStatus.Published, status);
    }

    /// <summary>Starts a member with the settings of short tests and <paramref name="more"/>.</summary>
    public Task<WebApplication> AddAsync(string region, Role role, params (string Key, string Value)[] more) =>
        AddAsync(region, role, static _ => { }, more);

    public async Task<WebApplication> AddAsync(
        string region, Role role, Action<IServiceCollection> services, params (string Key, string Value)[] more)
    {
        var app = Build(region, role, services, more);
        _members.Add(app);
        await app.StartAsync(Cancel);
        return app;
    }

    /// <summary>Builds a member and leaves starting it to the caller.</summary>
    public WebApplication Build(
        string region, Role role, Action<IServiceCollection> services, params (string Key, string Value)[] more) =>
        ProxyHost.Build(
            SettingsInput.Of(
            [
                (SettingKeys.Urls, "http://127.0.0.1:0"),
                (SettingKeys.Data, Path.Combine(_data.FullName, $"{region}-{_members.Count}")),
                (SettingKeys.Upstreams, World.Upstream.Url),
                (SettingKeys.SumDb, World.Database.Setting),
                (SettingKeys.LogLevel, "None"),
                (SettingKeys.Engine, "local"),
                (SettingKeys.Region, region),
                (SettingKeys.Role, role.ToString()),
                ("Serve:DrainTimeout", "1s"),
                ("Peers:HedgeDelay", "1s"),
                ("Peers:Heartbeat", "50ms"),
                .. more,
            ]),
            collection => services(collection.AddSingleton(Cluster)));

    /// <summary>A data directory that outlives its member.</summary>
    public (string Key, string Value) Data(string name) => (SettingKeys.Data, Path.Combine(_data.FullName, name));

    /// <summary>Joins a member whose answers the test writes.</summary>
    public async Task<ScriptedPeer> ScriptAsync(string region, Func<Microsoft.AspNetCore.Http.HttpContext, string, Task> answer)
    {
        var peer = await ScriptedPeer.JoinAsync(Cluster, region, answer, Cancel);
        _members.Add(peer);
        return peer;
    }

    /// <summary>Names for regions of one silo each, such that they own the module in this order.</summary>
    public string[] RegionsInOwnerOrder(params string[] names)
    {
        for (var i = 0; i < 10_000; i++)
        {
            var candidates = names.Select(name => $"{name}{i}").ToArray();
            var view = new ClusterView(
                [.. candidates.Select(static region => new Member(region, region, new Uri("http://127.0.0.1:1"), Role.Silo, ""))],
                RoutingTable.Empty);
            if (OwnerOrder.For(Module.Module.ToString(), view).Select(static m => m.Region).SequenceEqual(candidates))
                return candidates;
        }

        throw new InvalidOperationException("no names give this order");
    }

    /// <summary>Requests for a path that the upstream has seen.</summary>
    public int Fetches(string path) => World.Upstream.Requests.GetValueOrDefault(path.TrimStart('/'));

    /// <summary>Counts what a member's instrument adds from now on, by the values of its labels.</summary>
    public MetricCount Count(WebApplication member, Func<ProxyMetrics, Instrument> instrument)
    {
        var count = new MetricCount(instrument(member.Services.GetRequiredService<ProxyMetrics>()));
        _members.Insert(0, count);
        return count;
    }

    /// <summary>Stops a member for good.</summary>
    public async Task RemoveAsync(WebApplication member)
    {
        _members.Remove(member);
        await member.StopAsync(Cancel);
        await member.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        foreach (var member in _members)
            await member.DisposeAsync();
        await World.DisposeAsync();
        _data.Delete(recursive: true);
    }
}
