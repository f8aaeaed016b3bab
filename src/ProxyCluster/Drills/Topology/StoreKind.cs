namespace ProxyCluster.Drills.Topology;

/// <summary>What a cluster of processes keeps its membership and grain state in.</summary>
internal enum StoreKind
{
    /// <summary>A member of etcd in each region: any one region may be lost.</summary>
    Etcd,

    /// <summary>One Redis, in one region: with it, the cluster loses its store.</summary>
    Redis,

    /// <summary>The memory of the first silo: for looking around where neither is installed.</summary>
    Memory,
}
