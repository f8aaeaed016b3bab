using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Replication;

/// <summary>A copy that another region is to get.</summary>
/// <param name="Module">Of which module version.</param>
/// <param name="Kind">Which artifact.</param>
/// <param name="Region">For which region.</param>
/// <param name="Bytes">How large it is.</param>
/// <param name="Since">When it was committed here, UTC.</param>
internal sealed record OwedCopy(ModuleVersion Module, ArtifactKind Kind, string Region, long Bytes, DateTimeOffset Since)
{
    /// <summary>What makes two of them the same.</summary>
    public (ModuleVersion Module, ArtifactKind Kind, string Region) Key => (Module, Kind, Region);
}
