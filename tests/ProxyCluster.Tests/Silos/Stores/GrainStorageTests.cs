namespace ProxyCluster.Tests.Silos.Stores;

[Collection(nameof(EtcdThreeStore))]
public sealed class EtcdThreeGrainStorageTests(EtcdThreeStore etcd) : GrainStorageConformance(etcd);

[Collection(nameof(EtcdFrozenStore))]
public sealed class EtcdFrozenGrainStorageTests(EtcdFrozenStore etcd) : GrainStorageConformance(etcd);

[Collection(nameof(RedisStore))]
public sealed class RedisGrainStorageTests(RedisStore redis) : GrainStorageConformance(redis)
{
    // SERVICE/state/TYPE/KEY/STATE, with nothing escaped.
    protected override bool TellsSlashesApart => false;
}

[Collection(nameof(AzureStore))]
public sealed class AzureGrainStorageTests(AzureStore azure) : GrainStorageConformance(azure)
{
    // Deletes on the condition that no state exists, and the server takes that for no condition.
    protected override bool ClearsByTagOnly => false;

    // STATE-TYPE/KEY.json, with nothing escaped.
    protected override bool TellsDashesApart => false;

    // A blob's name is part of a URL, which the client makes canonical; Azurite makes a backslash a slash.
    protected override bool KeepsPaths => false;
}

public sealed class MemoryGrainStorageTests(MemoryStoreServer memory) : GrainStorageConformance(memory), IClassFixture<MemoryStoreServer>
{
    // Hands out the object itself: our grains write a new one each time and never change one.
    protected override bool Copies => false;
}

public sealed class OrleansMemoryGrainStorageTests(OrleansMemoryStore memory) : GrainStorageConformance(memory), IClassFixture<OrleansMemoryStore>;
