using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Storage;

/// <summary>
/// A stored artifact as the hot path wants it: everything a response needs, computed once. Either the bytes are here, or
/// <see cref="File"/> was hashed by this process and is unchanged as long as its <see cref="Stamp"/> is.
/// </summary>
internal sealed class HotArtifact(
    StoredArtifact stored, ArtifactKind kind, string file, FileStamp stamp, byte[]? body, StoredFiles? files = null)
{
    public ArtifactKind Kind { get; } = kind;

    /// <summary>What the record says of it; an entry whose record says something else of it is replaced.</summary>
    public StoredArtifact Stored { get; } = stored;

    public string File { get; } = file;

    public FileStamp Stamp { get; } = stamp;

    /// <summary>The whole content, or null when it is read from <see cref="File"/>.</summary>
    public byte[]? Body { get; } = body;

    /// <summary>A strong entity tag: equal tags mean equal bytes, not only equal content.</summary>
    public string ETag { get; } = EntityTag.Of(stored.Sha256);

    /// <summary>
    /// Version of the gate that let it through to anybody; 0 where it was loaded for another reason, and must be judged
    /// before it is served. Written without a lock: a write that is lost costs one more judgement.
    /// </summary>
    public int AcceptedBy { get; set; }

    /// <summary>
    /// At a front end, whose record is a silo's: timestamp of the question that a silo last answered by it. Written without a
    /// lock: a write that is lost costs one more question.
    /// </summary>
    public long KnownAt { get; set; }

    /// <summary>Marks a use, for the order of eviction. Hot path.</summary>
    public void Use() => files?.Use(Kind);

    /// <summary>
    /// What this entry holds, in bytes: its content, its strings (two bytes a character), itself.
    /// </summary>
    public long Weight => 300 + (Body?.Length ?? 0) + (2L * (File.Length + ETag.Length));
}

/// <summary>Length and modification time of a file: when either changes, what was proven about it no longer holds.</summary>
internal readonly record struct FileStamp(long Length, DateTime ModifiedUtc);
