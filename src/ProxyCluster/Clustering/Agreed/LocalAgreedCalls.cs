using ProxyCluster.Clustering.Local;

namespace ProxyCluster.Clustering.Agreed;

/// <summary>Among members of one process: what they share keeps it.</summary>
internal sealed class LocalAgreedCalls(LocalCluster cluster) : IAgreedCalls
{
    /// <inheritdoc/>
    public Task<AgreedDocument?> ReadAsync(string name, AgreedDocument known, CancellationToken cancel) =>
        Task.FromResult(cluster.AgreedOrNull(name, known));

    /// <inheritdoc/>
    public Task<AgreedWrite> WriteAsync(string name, AgreedDocument known, byte[] next, CancellationToken cancel) =>
        Task.FromResult(cluster.TryAgree(name, known, next));
}
