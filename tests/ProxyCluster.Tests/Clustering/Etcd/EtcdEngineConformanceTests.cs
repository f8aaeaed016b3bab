namespace ProxyCluster.Tests.Clustering.Etcd;

/// <summary>On one etcd.</summary>
public sealed class EtcdEngineOnOneTests : EngineConformance
{
    protected override async Task<EngineSite> OpenAsync() => await EtcdSite.OpenAsync(1);
}

/// <summary>On three.</summary>
public sealed class EtcdEngineOnThreeTests : EngineConformance
{
    protected override async Task<EngineSite> OpenAsync() => await EtcdSite.OpenAsync(3);
}
