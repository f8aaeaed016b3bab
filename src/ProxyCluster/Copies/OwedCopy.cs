using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Copies;

/// <summary>A copy of something committed here that somebody else is still to get.</summary>
/// <param name="Module">Of which module version.</param>
/// <param name="Kind">Which artifact.</param>
/// <param name="To">The region that is to get it, or <see cref="SharedStore"/>.</param>
/// <param name="Bytes">How large it is.</param>
/// <param name="Since">When it was committed here, UTC.</param>
internal sealed record OwedCopy(ModuleVersion Module, ArtifactKind Kind, string To, long Bytes, DateTimeOffset Since)
{
    /// <summary>What is owed to the store that this silo's region shares; no region can have this name.</summary>
    public const string SharedStore = "(shared store)";

    /// <summary>What makes two of them the same.</summary>
    public (ModuleVersion Module, ArtifactKind Kind, string To) Key => (Module, Kind, To);
}
