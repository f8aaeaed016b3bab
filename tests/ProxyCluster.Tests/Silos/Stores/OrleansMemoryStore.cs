using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Hosting;
using Orleans.Storage;
using Orleans.TestingHost;
using ProxyCluster.Silos;

namespace ProxyCluster.Tests.Silos.Stores;

/// <summary>Orleans' own storage in memory, which lives in grains, so in silos that run: one for each service.</summary>
public sealed class OrleansMemoryStore : StoreServer
{
    private readonly Dictionary<string, InProcessTestCluster> _services = [];

    public override ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public override Task<IMembershipTable> TableAsync(string service, string cluster) => throw new NotSupportedException("Orleans has none in memory");

    public override async Task<IGrainStorage> StorageAsync(string service)
    {
        if (!_services.TryGetValue(service, out var cluster))
        {
            var builder = new InProcessTestClusterBuilder(1);
            builder.ConfigureSilo(static (_, silo) => silo.AddMemoryGrainStorage(StoredState.Provider, StoredState.InMemory));
            cluster = _services[service] = builder.Build();
            await cluster.DeployAsync();
        }

        return cluster.Silos[0].ServiceProvider.GetRequiredKeyedService<IGrainStorage>(StoredState.Provider);
    }

    protected override async ValueTask DisposeServerAsync()
    {
        foreach (var cluster in _services.Values)
            await cluster.DisposeAsync();
    }
}
