namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>Where the client reads from: HTTP in a product, <see cref="InMemoryChecksumDatabase"/> in one process.</summary>
public interface IChecksumDatabaseRemote
{
    /// <summary>
    /// Reads what the database serves under <paramref name="path"/>: <c>latest</c>, <c>lookup/…</c> (escaped) or
    /// <c>tile/…</c>, without a leading slash. Retries and time limits are the implementation's business. Nothing that it
    /// returns is trusted.
    /// </summary>
    ValueTask<RemoteRead> ReadAsync(string path, CancellationToken cancellationToken);
}
