using Orleans.Hosting;
using ProxyCluster.Silos;
using ProxyCluster.TestKit.Azurite;

namespace ProxyCluster.Tests.Silos.Stores;

/// <summary>Azure Storage, as <c>Cluster:Store</c> names it: membership in tables, state in blobs.</summary>
public sealed class AzureStore : StoreServer
{
    private AzuriteProcess? _azurite;

    public override async ValueTask InitializeAsync() => _azurite = await AzuriteProcess.StartWithTablesAsync();

    public override bool TryFreeze()
    {
        _azurite!.Freeze();
        return true;
    }

    public override void Resume() => _azurite!.Resume();

    protected override void Configure(ISiloBuilder silo) => ClusterStore
        .ParseOrNull($"azure://{AzuriteProcess.ConnectionTo(_azurite!.Endpoint)};TableEndpoint={_azurite.TableEndpoint}", out _)!
        .Apply(silo, new MemoryStore());

    protected override ValueTask DisposeServerAsync() => _azurite?.DisposeAsync() ?? default;
}

[CollectionDefinition(nameof(AzureStore))]
public sealed class AzureStores : ICollectionFixture<AzureStore>;
