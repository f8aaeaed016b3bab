using ProxyCluster.Tests.Clustering;

namespace ProxyCluster.Tests.Silos;

/// <summary>What every engine promises, kept by Orleans on a real Redis.</summary>
[Trait("Needs", "redis")]
public sealed class OrleansEngineConformanceTests : EngineConformance
{
    protected override async Task<EngineSite> OpenAsync() => await OrleansSite.OpenAsync();
}
