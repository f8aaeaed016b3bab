using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Storage;

/// <summary>
/// A stored artifact as the hot path wants it: everything a response needs, computed once. Either the bytes are here, or
/// <see cref="File"/> was hashed by this process and is unchanged as long as its <see cref="Stamp"/> is.
/// </summary>
internal sealed class HotArtifact(
    ArtifactKind kind, StoredArtifact stored, string file, FileStamp stamp, byte[]? body, StoredFiles? files = null)
{
    public ArtifactKind Kind { get; } = kind;

    public StoredArtifact Stored { get; } = stored;

    public string File { get; } = file;

    public FileStamp Stamp { get; } = stamp;

    /// <summary>The whole content, or null when it is read from <see cref="File"/>.</summary>
    public byte[]? Body { get; } = body;

    /// <summary>A strong entity tag: equal tags mean equal bytes, not only equal content.</summary>
    public string ETag { get; } = EntityTag.Of(stored.Sha256);

    /// <summary>
    /// Version of the gate that let it through to anybody; 0 where it was loaded for another reason, and must be judged
    /// before it is served.
    /// </summary>
    public int AcceptedBy { get; set; }

    /// <summary>Marks a use, for the order of eviction. Hot path.</summary>
    public void Use() => files?.Use(Kind);

    /// <summary>What this entry costs the cache, in bytes.</summary>
    public long Weight { get; } = (body?.Length ?? 0) + 1024;
}

/// <summary>Length and modification time of a file: when either changes, what was proven about it no longer holds.</summary>
internal readonly record struct FileStamp(long Length, DateTime ModifiedUtc);
