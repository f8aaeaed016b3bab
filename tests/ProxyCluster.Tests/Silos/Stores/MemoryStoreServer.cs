using System.Collections.Concurrent;
using Orleans;
using Orleans.Storage;
using ProxyCluster.Silos;

namespace ProxyCluster.Tests.Silos.Stores;

/// <summary>Our store in memory. There is one object for the silos of a cluster, so a name is an object here.</summary>
public sealed class MemoryStoreServer : StoreServer
{
    private readonly ConcurrentDictionary<string, MemoryStore> _stores = [];

    public override ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public override Task<IMembershipTable> TableAsync(string service, string cluster) =>
        Task.FromResult<IMembershipTable>(_stores.GetOrAdd(cluster, static _ => new MemoryStore()));

    public override Task<IGrainStorage> StorageAsync(string service) =>
        Task.FromResult<IGrainStorage>(_stores.GetOrAdd(service, static _ => new MemoryStore()));

    protected override ValueTask DisposeServerAsync() => ValueTask.CompletedTask;
}
