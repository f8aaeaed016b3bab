using ProxyCluster.Clustering;
using ProxyCluster.Copies;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;

namespace ProxyCluster.Walk;

/// <summary>The order in which an artifact is looked for: store, the region's shared store, owner.</summary>
internal sealed class ArtifactWalk(DiskStore store, SharedFill shared, ClusterOwner owner)
{
    /// <summary>
    /// Opens an artifact, having it fetched where it is missing. <paramref name="cachedOnly"/> stops before the owner.
    /// The flag in the result tells whether it was here already. The caller disposes the content.
    /// </summary>
    public async ValueTask<Outcome<(ArtifactContent Content, bool Hit)>> OpenAsync(
        ModuleVersion module, ArtifactKind kind, bool cachedOnly, CancellationToken cancel)
    {
        // 1. Stored, and proven in a way that today's policy accepts.
        if (store.FindRecordOrNull(module) is { } record
            && owner.Accepts(record, kind)
            && await store.OpenReadOrNullAsync(record, kind, cancel) is { } stored)
            return (stored, true);

        // 2. In the region's shared store: copied and proven, without any other silo.
        if (await shared.FillOrNullAsync(module, kind, cancel) is { } copied
            && await store.OpenReadOrNullAsync(copied, kind, cancel) is { } filled)
            return (filled, true);

        if (cachedOnly)
            return new Failure(FailureKind.NotCached, $"{module} is not in the cache");

        // 3. The owner has it fetched, verified and committed, once for all who ask now in the whole cluster.
        var ensured = await owner.EnsureAsync(module, kind, AskLevel.Client, cancel);
        if (!ensured.TryGet(out var committed, out var failure))
            return failure;

        // 4. Open what was committed.
        return await store.OpenReadOrNullAsync(committed, kind, cancel) is { } content
            ? (content, false)
            : new Failure(FailureKind.StoreUnavailable, $"{module}: the stored file could not be read back");
    }
}
