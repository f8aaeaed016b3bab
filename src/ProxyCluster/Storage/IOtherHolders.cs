using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Storage;

/// <summary>What the store must know of the rest of the cluster before it lets go of a copy that nobody could bring back.</summary>
internal interface IOtherHolders
{
    /// <summary>
    /// Does another live silo hold this artifact with these bytes, and will it not let go of them on our account? False
    /// whenever that is not certain.
    /// </summary>
    Task<bool> HoldAsync(ModuleVersion module, ArtifactKind kind, StoredArtifact stored, CancellationToken cancel);
}
