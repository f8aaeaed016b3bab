using System.Globalization;
using ProxyCluster.Clustering;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;
using ProxyCluster.Lines;
using ProxyCluster.Silos;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Demo;

/// <summary>One silo or front end of the demo: a whole host, as <c>serve</c> would run it.</summary>
internal sealed class DemoMember : IAsyncDisposable
{
    private const string HostCategory = "Microsoft.Extensions.Hosting.Internal.Host";

    private readonly WebApplication _host;
    private readonly FigureCounter _counter;

    /// <summary>Builds one.</summary>
    /// <param name="name">For people: <c>silo 1</c>.</param>
    /// <param name="region">Its region.</param>
    /// <param name="role">What it does.</param>
    /// <param name="port">Where it listens on 127.0.0.1; 0 takes a free port.</param>
    /// <param name="data">A directory of its own.</param>
    /// <param name="world">What lies outside.</param>
    /// <param name="store">The cluster store that the members share.</param>
    /// <param name="secret">What they prove to each other; known to nobody outside this process.</param>
    public DemoMember(
        string name, string region, Role role, int port, string data, OutsideWorld world, MemoryStore store, ClusterSecret secret)
    {
        (Name, Region, Role) = (name, region, role);
        _host = ProxyHost.Build(
            SettingsInput.Of(
                (SettingKeys.Urls, string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}")),
                (SettingKeys.Data, data),
                (SettingKeys.Upstreams, world.Upstream.Url),
                (SettingKeys.SumDb, world.Database.Setting),
                (SettingKeys.LogLevel, nameof(LogLevel.Error)), // the status has the output to itself
                ("Cluster:Region", region),
                ("Cluster:Role", role.ToString()),
                ("Silo:ProbeTimeout", "5s"), // members of one process die together: nine that watch each other cost a core something
                ("Silo:HandOverTimeout", "100ms"), // nobody stays to take anything over
                ("Serve:DrainTimeout", "2s")),
            services => services
                .AddSingleton(store)
                .AddSingleton(secret)
                .AddLogging(static logging => logging
                    .AddFilter(HostCategory, LogLevel.None) // whoever starts it reports that
                    .AddFilter("Orleans", LogLevel.None))); // silos that all stop at once miss each other, and nobody else does
        _counter = new FigureCounter(_host.Services.GetRequiredService<ProxyMetrics>());
        Silo = _host.Services.GetRequiredService<OrleansEngine>();
    }

    /// <summary>For people: <c>silo 1</c>.</summary>
    public string Name { get; }

    /// <summary>Its region.</summary>
    public string Region { get; }

    /// <summary>What it does.</summary>
    public Role Role { get; }

    /// <summary>Where it listens.</summary>
    public string Url => _host.Urls.First();

    /// <summary>It as a silo.</summary>
    public OrleansEngine Silo { get; }

    /// <summary>Starts it; it has joined when this returns.</summary>
    public Task StartAsync(CancellationToken cancellation) => _host.StartAsync(cancellation);

    /// <summary>Waits until it knows that many members.</summary>
    public async Task MeetAsync(int members, CancellationToken cancellation)
    {
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Silo.ViewChanged += Look;
        Look(Silo.View);
        try
        {
            await met.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            Silo.ViewChanged -= Look;
        }

        void Look(ClusterView view)
        {
            if (view.Members.Length >= members)
                met.TrySetResult();
        }
    }

    /// <summary>How it is doing, with the given view of who is live.</summary>
    public MemberStatus Status(ClusterView view, int owns) =>
        new(Name, Role, Silo.Self is { } self && view.FindOrNull(self.Id) is not null, owns, _counter.Read());

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _counter.Dispose();
        await _host.StopAsync(CancellationToken.None).ConfigureAwait(false);
        await _host.DisposeAsync().ConfigureAwait(false);
    }
}
