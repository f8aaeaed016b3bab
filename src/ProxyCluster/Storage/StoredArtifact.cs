using ProxyCluster.GoModules;

namespace ProxyCluster.Storage;

/// <summary>One artifact as the record names it.</summary>
/// <param name="Sha256">Digest of the file's bytes.</param>
/// <param name="Size">Bytes in the file.</param>
/// <param name="Source">The upstream or peer it came from, without credentials.</param>
/// <param name="Time">When it was committed, UTC.</param>
/// <param name="Evicted">When its bytes were removed to make room, UTC; null while they are here. The rest stays pinned.</param>
/// <param name="Upstream">
/// The upstream that somebody in the cluster had it from: the source, or of a copy what that says. Null where records of its time did not say it.
/// </param>
public sealed record StoredArtifact(
    Digest Sha256, long Size, string Source, DateTimeOffset Time, DateTimeOffset? Evicted = null, string? Upstream = null)
{
    /// <summary>Where the bytes are from, as far back as is known.</summary>
    public string Origin => Upstream ?? Source;
}
