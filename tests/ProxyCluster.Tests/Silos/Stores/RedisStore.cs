using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Clustering.Redis;
using Orleans.Hosting;
using Orleans.Persistence;
using ProxyCluster.Silos;
using ProxyCluster.TestKit.Redis;
using StackExchange.Redis;

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

    protected override void Configure(ISiloBuilder silo)
    {
        ClusterStore
            .ParseOrNull(string.Create(CultureInfo.InvariantCulture, $"redis://127.0.0.1:{_redis!.Port}"), out _)!
            .Apply(silo, new MemoryStore());
        silo.Services.PostConfigure<RedisClusteringOptions>(static options => BePatient(options.ConfigurationOptions!));
        silo.Services.PostConfigure<RedisStorageOptions>(StoredState.Provider, static options => BePatient(options.ConfigurationOptions!));
    }

    // It is on trial for what it answers: hundreds of tests beside it may keep an answer waiting for longer than a silo would.
    private static void BePatient(ConfigurationOptions options) => (options.ConnectTimeout, options.AsyncTimeout, options.SyncTimeout) = (10_000, 10_000, 10_000);

    protected override ValueTask DisposeServerAsync() => _redis?.DisposeAsync() ?? default;
}

[CollectionDefinition(nameof(RedisStore))]
public sealed class RedisStores : ICollectionFixture<RedisStore>;
