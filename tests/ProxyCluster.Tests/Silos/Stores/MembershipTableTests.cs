namespace ProxyCluster.Tests.Silos.Stores;

[Collection(nameof(EtcdThreeStore))]
public sealed class EtcdThreeMembershipTableTests(EtcdThreeStore etcd) : MembershipTableConformance(etcd);

[Collection(nameof(EtcdFrozenStore))]
public sealed class EtcdFrozenMembershipTableTests(EtcdFrozenStore etcd) : MembershipTableConformance(etcd);

[Collection(nameof(RedisStore))]
public sealed class RedisMembershipTableTests(RedisStore redis) : MembershipTableConformance(redis);

[Collection(nameof(AzureStore))]
public sealed class AzureMembershipTableTests(AzureStore azure) : MembershipTableConformance(azure)
{
    // A heartbeat moves the row's own tag there, so since 10.4 the table's alone is compared.
    protected override bool ChecksRowTags => false;
}

public sealed class MemoryMembershipTableTests(MemoryStoreServer memory) : MembershipTableConformance(memory), IClassFixture<MemoryStoreServer>;
