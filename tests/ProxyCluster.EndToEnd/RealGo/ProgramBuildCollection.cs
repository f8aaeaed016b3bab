namespace ProxyCluster.EndToEnd.RealGo;

/// <summary>The tests that share one first build; each leaves the system as it found it.</summary>
[CollectionDefinition(Name)]
public sealed class ProgramBuildCollection : ICollectionFixture<ProgramBuild>
{
    public const string Name = "program build";
}
