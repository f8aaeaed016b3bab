using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Storage;

/// <summary>
/// A place that keeps records and artifacts: this silo's disk, or a store that a region shares. Every implementation
/// keeps the same promises, and one suite of tests holds them to it: bytes before record, all or nothing, the first
/// commit wins, what hashes differently is a conflict, a half-finished commit is invisible.
/// </summary>
internal interface IArtifactStore
{
    /// <summary>Where it is, for people; no secrets.</summary>
    string Name { get; }

    /// <summary>What is proven and stored of a module version; null when nothing is.</summary>
    /// <exception cref="StoreException">The store cannot be read now.</exception>
    ValueTask<ModuleRecord?> FindRecordOrNullAsync(ModuleVersion module, CancellationToken cancel);

    /// <summary>
    /// Opens the bytes of an artifact that <paramref name="record"/> names, from the start; null when they are gone. The
    /// reader proves them against the record; the stream is a copy that nobody changes.
    /// </summary>
    /// <exception cref="StoreException">The store cannot be read now.</exception>
    ValueTask<Stream?> OpenStreamOrNullAsync(ModuleRecord record, ArtifactKind kind, CancellationToken cancel);

    /// <summary>
    /// Stores <paramref name="incoming"/> (completed, readable from its start) as the <paramref name="kind"/> that
    /// <paramref name="proposal"/> names, unless somebody was first. With null only what is proven is added.
    /// </summary>
    /// <exception cref="StoreException">The store takes no data now; nothing became visible.</exception>
    Task<CommitResult> CommitAsync(
        ModuleRecord proposal, ArtifactKind kind, IncomingArtifact? incoming, CancellationToken cancel);

    /// <summary>All records, in no order.</summary>
    IAsyncEnumerable<ModuleRecord> ListAsync(CancellationToken cancel);

    /// <summary>Removes a module version, record first. True when it was there.</summary>
    Task<bool> DeleteAsync(ModuleVersion module, CancellationToken cancel);

    /// <summary>Writes, reads, compares and deletes a small object.</summary>
    /// <exception cref="StoreException">It does not work.</exception>
    Task ProbeAsync(CancellationToken cancel);
}
