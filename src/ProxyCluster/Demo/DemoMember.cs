using System.Globalization;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Demo;

/// <summary>One silo or front end of the demo: a whole host, as <c>serve</c> would run it.</summary>
internal sealed class DemoMember : IAsyncDisposable
{
    private const string HostCategory = "Microsoft.Extensions.Hosting.Internal.Host";

    private readonly WebApplication _host;
    private readonly FigureCounter _counter;

    private DemoMember(string name, string region, Role role, WebApplication host)
    {
        Name = name;
        Region = region;
        Role = role;
        _host = host;
        _counter = new FigureCounter(host.Services.GetRequiredService<ProxyMetrics>());
    }

    /// <summary>For people: <c>silo 1</c>.</summary>
    public string Name { get; }

    /// <summary>Its region.</summary>
    public string Region { get; }

    /// <summary>What it does.</summary>
    public Role Role { get; }

    /// <summary>Where it listens.</summary>
    public string Url => _host.Urls.First();

    /// <summary>The cluster as it sees it.</summary>
    public ClusterView View => _host.Services.GetRequiredService<IEngine>().View;

    /// <summary>Its id in the cluster; null before it joined.</summary>
    public string? Id => _host.Services.GetRequiredService<IEngine>().Self?.Id;

    /// <summary>Starts one; it has joined when this returns.</summary>
    /// <param name="name">For people.</param>
    /// <param name="region">Its region.</param>
    /// <param name="role">What it does.</param>
    /// <param name="port">Where it listens on 127.0.0.1; 0 takes a free port.</param>
    /// <param name="data">A directory of its own.</param>
    /// <param name="world">What lies outside.</param>
    /// <param name="cluster">What the members share.</param>
    /// <param name="cancellation">Ends the start.</param>
    public static async Task<DemoMember> StartAsync(
        string name, string region, Role role, int port, string data, OutsideWorld world, LocalCluster cluster, CancellationToken cancellation)
    {
        var host = ProxyHost.Build(
            SettingsInput.Of(
                (SettingKeys.Urls, string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}")),
                (SettingKeys.Data, data),
                (SettingKeys.Upstreams, world.Upstream.Url),
                (SettingKeys.SumDb, world.Database.Setting),
                (SettingKeys.LogLevel, nameof(LogLevel.Error)), // the status has the output to itself
                ("Cluster:Region", region),
                ("Cluster:Role", role.ToString()),
                ("Serve:DrainTimeout", "2s")),
            services => services
                .AddSingleton(cluster)
                .AddLogging(logging => logging.AddFilter(HostCategory, LogLevel.None))); // whoever starts it reports that
        try
        {
            await host.StartAsync(cancellation).ConfigureAwait(false);
            return new DemoMember(name, region, role, host);
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>How it is doing, with the given view of who is live.</summary>
    public MemberStatus Status(ClusterView view) =>
        new(Name, Role, Id is { } id && view.FindOrNull(id) is not null, _counter.Read());

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _counter.Dispose();
        await _host.StopAsync(CancellationToken.None).ConfigureAwait(false);
        await _host.DisposeAsync().ConfigureAwait(false);
    }
}
