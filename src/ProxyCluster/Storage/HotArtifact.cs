using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Storage;

/// <summary>
/// A stored artifact as the hot path wants it: everything a response needs, computed once. Either the bytes are here, or
/// <see cref="File"/> was hashed by this process and is unchanged as long as its <see cref="Stamp"/> is.
/// </summary>
internal sealed class HotArtifact(
    ModuleRecord record, ArtifactKind kind, string file, FileStamp stamp, byte[]? body, StoredFiles? files = null)
{
    public ArtifactKind Kind { get; } = kind;

    /// <summary>What the record says of it; an entry whose record says something else of it is replaced.</summary>
    public StoredArtifact Stored { get; } = record.ArtifactOrNull(kind)!;

    /// <summary>
    /// The record that names it, parsed, so that a hit need not read it. As it is on the disk: commits put the grown one
    /// in its place, and an artifact leaves the cache with its record.
    /// </summary>
    public ModuleRecord Record { get; set; } = record;

    /// <summary>
    /// The version of the gate that accepted it for anybody who may ask; 0, which no gate has, while none did. Written by
    /// whoever judges, without a lock: versions only say what was decided, and a lost write costs one more decision.
    /// </summary>
    public int AcceptedBy { get; set; }

    public string File { get; } = file;

    public FileStamp Stamp { get; } = stamp;

    /// <summary>The whole content, or null when it is read from <see cref="File"/>.</summary>
    public byte[]? Body { get; } = body;

    /// <summary>A strong entity tag: equal tags mean equal bytes, not only equal content.</summary>
    public string ETag { get; } = EntityTag.Of(record.ArtifactOrNull(kind)!.Sha256);

    /// <summary>Marks a use, for the order of eviction. Hot path.</summary>
    public void Use() => files?.Use(Kind);

    /// <summary>
    /// What this entry holds, in bytes: its content, its strings (two bytes a character), itself, and the record, though
    /// others may hold that too.
    /// </summary>
    public long Weight => 200 + (Body?.Length ?? 0) + (2L * (File.Length + ETag.Length)) + Record.Weight;
}

/// <summary>Length and modification time of a file: when either changes, what was proven about it no longer holds.</summary>
internal readonly record struct FileStamp(long Length, DateTime ModifiedUtc);
