using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Storage;

namespace ProxyCluster.Tests.Silos.Stores;

/// <summary>
/// The real thing behind a provider, and the provider as a silo would get it: from a silo that was set up and not started.
/// </summary>
public abstract class StoreServer : IAsyncLifetime
{
    private readonly List<IHost> _silos = [];
    private int _names;

    /// <summary>A name that nobody had before, for a service or a cluster.</summary>
    public string NewName() => $"n{Interlocked.Increment(ref _names)}-{Guid.NewGuid():N}";

    /// <summary>A membership table that is ready, of a cluster.</summary>
    public virtual async Task<IMembershipTable> TableAsync(string service, string cluster)
    {
        var table = Silo(service, cluster).GetRequiredService<IMembershipTable>();
        await table.InitializeMembershipTableAsync(true, TestContext.Current.CancellationToken);
        return table;
    }

    /// <summary>A grain storage that is ready, as another silo of the same service would have it.</summary>
    public virtual async Task<IGrainStorage> StorageAsync(string service)
    {
        var storage = Silo(service, "any").GetRequiredKeyedService<IGrainStorage>("Default");
        var life = new SiloLifecycleSubject(NullLogger<SiloLifecycleSubject>.Instance);
        (storage as ILifecycleParticipant<ISiloLifecycle>)?.Participate(life);
        await life.OnStart(TestContext.Current.CancellationToken);
        return storage;
    }

    /// <summary>Stops the server in its tracks; false for one that has no tracks.</summary>
    public virtual bool TryFreeze() => false;

    /// <summary>Lets it go on.</summary>
    public virtual void Resume()
    {
    }

    public abstract ValueTask InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _silos)
            await ((IAsyncDisposable)silo).DisposeAsync();
        await DisposeServerAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>What a silo's configuration says about the provider.</summary>
    protected virtual IEnumerable<KeyValuePair<string, string?>> Settings() => [];

    /// <summary>What a silo's code says about it.</summary>
    protected virtual void Configure(ISiloBuilder silo)
    {
    }

    protected abstract ValueTask DisposeServerAsync();

    private IServiceProvider Silo(string service, string cluster)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(Settings());
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(options => (options.ServiceId, options.ClusterId) = (service, cluster));
            Configure(silo);
        });
        var host = builder.Build();
        _silos.Add(host);
        return host.Services;
    }
}
