using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Storage;
using ProxyCluster.Clustering;
using ProxyCluster.Joining;
using ProxyCluster.Placement;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Silos;

/// <summary>
/// One life of this process as a silo of Orleans, from joining to leaving, being declared dead, or being dropped.
/// <para>
/// The silo is a host of its own inside the process, not a part of the web host. So the web host starts and serves with
/// no membership provider in reach, a verdict of death ends a life and not the process, and the member comes back under
/// its id in the next life. Grains reach the rooms through <see cref="Rooms"/>.
/// </para>
/// </summary>
internal sealed class SiloLife : IAsyncDisposable
{
    private static readonly TimeSpan DropLimit = TimeSpan.FromSeconds(5);

    private readonly IHost _host;
    private readonly TaskCompletionSource<string> _ended;
    private int _isDropped;

    private SiloLife(IHost host, Rooms rooms, TaskCompletionSource<string> ended)
    {
        _host = host;
        _ended = ended;
        Grains = host.Services.GetRequiredService<IGrainFactory>();
        Membership = host.Services.GetRequiredService<IClusterMembershipService>();
        Address = host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        Dashboard = rooms.Options.Dashboard ? SiloDashboard.Build(host.Services) : null;
    }

    /// <summary>The way to grains.</summary>
    public IGrainFactory Grains { get; }

    /// <summary>Who else is a silo.</summary>
    public IClusterMembershipService Membership { get; }

    /// <summary>This silo.</summary>
    public SiloAddress Address { get; }

    /// <summary>Its dashboard; null where it has none.</summary>
    public RequestDelegate? Dashboard { get; }

    /// <summary>Completes with the reason when the silo has been told that it is dead.</summary>
    public Task<string> Ended => _ended.Task;

    /// <summary>Builds a silo, starts it and waits until it is active.</summary>
    public static async Task<SiloLife> BeginAsync(
        Member self, OrleansEngine engine, Rooms rooms, Action<Exception?> noteTable, CancellationToken cancel)
    {
        var ended = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (rooms.StartSilo is { } start)
            return new SiloLife(await start(silo => Configure(silo, self, engine, rooms, ended), cancel), rooms, ended);

        var host = await BuildAsync(self, engine, rooms, noteTable, ended, cancel);
        var life = new SiloLife(host, rooms, ended);
        try
        {
            // Told dead while it was starting: the start would wait for ever.
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var started = host.StartAsync(stop.Token);
            if (await Task.WhenAny(started, ended.Task) != started)
            {
                await stop.CancelAsync();
                throw new IOException(await ended.Task);
            }

            await started;
            return life;
        }
        catch
        {
            await life.DisposeAsync();
            throw;
        }
    }

    /// <summary>Says goodbye and hands the activations over.</summary>
    public async Task LeaveAsync(CancellationToken cancel)
    {
        if (Interlocked.Exchange(ref _isDropped, 1) != 0)
            return;
        try
        {
            await _host.StopAsync(cancel);
        }
        finally
        {
            await DisposeHostAsync();
        }
    }

    /// <summary>Drops it without a word to the others.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDropped, 1) != 0)
            return;

        // A silo that was told it is dead, or never came to life, has a hundred ways to fail on its way out.
        var (lifecycle, now) = (_host.Services.GetRequiredService<ISiloLifecycleSubject>(), new CancellationToken(canceled: true));
        (_host.Services.GetRequiredService<ILoggerFactory>() as LifeLogging)?.End();
        var isStopped = await TryAsync(() => _host.StopAsync(now));
        await DisposeHostAsync();

        // One that has not come to life is not stopped but refuses to be, and what it has begun would go on for ever: its look at
        // the members takes a whole processor from then on. Stopped before, it would wait in its disposal for a stop that never was.
        if (!isStopped)
            await TryAsync(() => lifecycle.OnStop(now));
    }

    private Task<bool> DisposeHostAsync() =>
        TryAsync(() => _host is IAsyncDisposable disposable ? disposable.DisposeAsync().AsTask() : Task.Run(_host.Dispose));

    // Nobody is left to tell.
    private static async Task<bool> TryAsync(Func<Task> end)
    {
        try
        {
            await end().WaitAsync(DropLimit);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    private static async Task<IHost> BuildAsync(
        Member self,
        OrleansEngine engine,
        Rooms rooms,
        Action<Exception?> noteTable,
        TaskCompletionSource<string> ended,
        CancellationToken cancel)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddConfiguration(rooms.Configuration);
        var section = builder.Configuration.GetSection("Orleans");
        var address = section.GetSection("Endpoints").Exists() || engine.IsAlone ? IPAddress.Loopback : await SiloTuning.AddressAsync(self, cancel);
        builder.UseOrleans(silo =>
        {
            Locate(silo, section, address, rooms);
            SiloTls.Apply(silo, rooms.Options);
            Configure(silo, self, engine, rooms, ended);
            GatewayLines.Apply(silo, rooms.Cluster);
            Watch(silo.Services, noteTable);
        });
        builder.Services.AddSingleton<ILoggerFactory>(new LifeLogging(rooms.Logging));
        builder.Services.AddSingleton<IHostLifetime, UnattendedLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = rooms.Options.HandOverTimeout);
        return builder.Build();
    }

    /// <summary>What makes a silo one of ours, wherever it is hosted.</summary>
    private static void Configure(
        ISiloBuilder silo, Member self, OrleansEngine engine, Rooms rooms, TaskCompletionSource<string> ended)
    {
        SiloTuning.Apply(silo, self, rooms.Options);
        silo.UseSiloMetadata(new Dictionary<string, string> { ["region"] = self.Region });
        silo.AddPlacementDirector<RendezvousPlacement, RendezvousPlacementDirector>();
        silo.Services.AddPlacementFilter<UsableSilosFilter, PlacementFilters>(ServiceLifetime.Transient);
        silo.Services.AddPlacementFilter<ShareFilter, PlacementFilters>(ServiceLifetime.Transient);
        silo.Services.AddPlacementFilter<KeyRegionFilter, PlacementFilters>(ServiceLifetime.Transient);
        silo.Services.AddSingleton(rooms).AddSingleton(engine).AddSingleton<IEngine>(engine);
        silo.AddActivityPropagation();
        silo.Services.AddSingleton<IMeterFactory>(_ => new LentMeters(rooms.Get<IMeterFactory>()));
        silo.Services.AddSingleton<IGrainStorageSerializer>(new StateSerializer(rooms.States));
        silo.Services.AddSingleton<IFatalErrorHandler>(new SiloFatality(reason => ended.TrySetResult(reason)));
        if (rooms.Options.Dashboard)
            SiloDashboard.Apply(silo);
        else
            SiloDashboard.Forget(silo.Services);
        rooms.ConfigureSilo?.Invoke(silo);
    }

    /// <summary>Membership and storage: what Orleans' own section says, and one machine where it says nothing.</summary>
    private static void Locate(ISiloBuilder silo, IConfigurationSection section, IPAddress address, Rooms rooms)
    {
        silo.Configure<ClusterOptions>(cluster =>
        {
            cluster.ClusterId = section["ClusterId"] ?? rooms.Cluster.Name;
            // Grain state is kept under this one alone: clusters of different names must not share theirs.
            cluster.ServiceId = section["ServiceId"] ?? $"proxycluster-{rooms.Cluster.Name}";
        });
        if (!section.GetSection("Endpoints").Exists())
            silo.ConfigureEndpoints(address, PortOn(address, rooms.Options.Port), gatewayPort: 0, listenOnAnyHostAddress: !IPAddress.IsLoopback(address));
        if (rooms.Options.PrimaryPort == 0)
        {
            rooms.Store.Apply(silo, rooms.Memory, rooms.Cluster.Gateway);
            return;
        }

        silo.UseDevelopmentClustering(new IPEndPoint(address, rooms.Options.PrimaryPort));
        silo.AddMemoryGrainStorage(StoredState.Provider, StoredState.InMemory);
    }

    // Other silos learn the port from the membership table. One that is taken between this look and the silo's start ends
    // that life, and the next looks again.
    private static int PortOn(IPAddress address, int configured)
    {
        if (configured != 0 || !IPAddress.IsLoopback(address))
            return configured != 0 ? configured : OrleansOptions.DefaultPort;
        using var listener = new TcpListener(address, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static void Watch(IServiceCollection services, Action<Exception?> noteTable)
    {
        var provider = services.Last(static service => service.ServiceType == typeof(IMembershipTable));
        services.Remove(provider);
        services.AddSingleton<IMembershipTable>(all => new WatchedTable(
            (IMembershipTable)(provider.ImplementationInstance
                ?? provider.ImplementationFactory?.Invoke(all)
                ?? ActivatorUtilities.CreateInstance(all, provider.ImplementationType!)),
            noteTable));
    }
}
