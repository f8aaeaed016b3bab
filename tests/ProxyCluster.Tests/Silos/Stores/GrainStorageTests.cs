namespace ProxyCluster.Tests.Silos.Stores;

[Collection(nameof(EtcdThreeStore))]
public sealed class EtcdThreeGrainStorageTests(EtcdThreeStore etcd) : GrainStorageConformance(etcd);

[Collection(nameof(EtcdFrozenStore))]
public sealed class EtcdFrozenGrainStorageTests(EtcdFrozenStore etcd) : GrainStorageConformance(etcd);

[Collection(nameof(RedisStore))]
public sealed class RedisGrainStorageTests(RedisStore redis) : GrainStorageConformance(redis);

[Collection(nameof(AzureStore))]
public sealed class AzureGrainStorageTests(AzureStore azure) : GrainStorageConformance(azure);

public sealed class MemoryGrainStorageTests(MemoryStoreServer memory) : GrainStorageConformance(memory), IClassFixture<MemoryStoreServer>;

public sealed class OrleansMemoryGrainStorageTests(OrleansMemoryStore memory) : GrainStorageConformance(memory), IClassFixture<OrleansMemoryStore>;
