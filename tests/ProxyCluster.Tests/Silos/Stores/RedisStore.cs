using System.Globalization;
using Orleans.Hosting;
using ProxyCluster.Silos;
using ProxyCluster.TestKit.Redis;

namespace ProxyCluster.Tests.Silos.Stores;

/// <summary>Redis, as <c>Cluster:Store</c> names it.</summary>
public sealed class RedisStore : StoreServer
{
    private RedisProcess? _redis;

    public override async ValueTask InitializeAsync() => _redis = await RedisProcess.StartAsync();

    public override bool TryFreeze()
    {
        _redis!.Freeze();
        return true;
    }

    public override void Resume() => _redis!.Resume();

    protected override void Configure(ISiloBuilder silo) => ClusterStore
        .ParseOrNull(string.Create(CultureInfo.InvariantCulture, $"redis://127.0.0.1:{_redis!.Port}"), out _)!
        .Apply(silo, new MemoryStore());

    protected override ValueTask DisposeServerAsync() => _redis?.DisposeAsync() ?? default;
}

[CollectionDefinition(nameof(RedisStore))]
public sealed class RedisStores : ICollectionFixture<RedisStore>;
