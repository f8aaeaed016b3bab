using System.ComponentModel.DataAnnotations;
using ProxyCluster.Storage.Blobs;

namespace ProxyCluster.Storage;

/// <summary>Where artifacts are kept and how much memory stands in front of the disk. Section <c>Storage</c>.</summary>
public sealed class StorageOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Storage";

    /// <summary>
    /// Directory of everything that must survive a restart; created when missing. One process at a time. Default
    /// <c>data</c> below the working directory.
    /// </summary>
    [Required]
    public string Data { get; set; } = "data";

    /// <summary>False for a process that stores nothing, such as a front end; then no directory is touched.</summary>
    internal bool IsUsed { get; set; } = true;

    /// <summary>
    /// Bytes of artifacts kept in memory in front of the disk, or in front of the silos at a front end. Default 256 MiB. More of it answers more requests
    /// without touching the file system; it is a bound, not a reservation. What is remembered of larger artifacts (that
    /// they were hashed, not their bytes) and of records comes beside it: each at most an eighth of it, or 16 MiB.
    /// </summary>
    [Range(0L, 1L << 40)]
    public long MemoryBytes { get; set; } = 256L << 20;

    /// <summary>Bytes for what is remembered of larger artifacts, and as many for parsed records.</summary>
    internal long MemoryBesideBytes => Math.Max(MemoryBytes / 8, 16L << 20);

    /// <summary>
    /// Largest artifact that is kept in memory. Default 256 KiB, which covers nearly every .info and .mod and most
    /// zips. Larger files are sent from disk, where the kernel's page cache does the same work.
    /// </summary>
    [Range(0L, 64L << 20)]
    public long MemoryMaxArtifactBytes { get; set; } = 256L << 10;

    /// <summary>
    /// Whether files are flushed to the disk before a record names them. Default true. False trades the artifacts of
    /// the last seconds before a power cut for faster cold misses; a killed process loses nothing either way, and
    /// damaged bytes are never served, because files are hashed again before their first use.
    /// </summary>
    public bool Flush { get; set; } = true;

    /// <summary>
    /// Time within which every stored artifact is read and hashed again in the background. Default seven days; zero
    /// turns it off. Less of it finds silent disk corruption sooner and reads more.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "45.00:00:00")]
    public TimeSpan ScrubInterval { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Bytes per second that the background check reads at most. Default 32 MiB.</summary>
    [Range(1L << 16, 1L << 40)]
    public long ScrubBytesPerSecond { get; set; } = 32L << 20;

    /// <summary>
    /// Files kept in <c>quarantine/</c>, where damaged ones are set aside for people to look at. Default 1000. Above it
    /// the oldest are deleted; the newest one always stays.
    /// </summary>
    [Range(1, 1_000_000)]
    public int QuarantineMaxFiles { get; set; } = 1000;

    /// <summary>
    /// Bytes kept in <c>quarantine/</c>. Default 1 GiB, and never more than a tenth of <see cref="MaxBytes"/>. More of it keeps
    /// more evidence of a disk that goes bad, on the same disk.
    /// </summary>
    [Range(0L, 1L << 50)]
    public long QuarantineMaxBytes { get; set; } = 1L << 30;

    /// <summary>
    /// Bytes that lookups and tiles of checksum databases take in <c>sumdb/</c>. Default 1 GiB, and never more than a tenth of
    /// <see cref="MaxBytes"/>. Above it the longest unwritten ones are deleted and asked for again when they are needed; tree
    /// heads and evidence of forks stay.
    /// </summary>
    [Range(1L << 20, 1L << 50)]
    public long SumDbMaxBytes { get; set; } = 1L << 30;

    /// <summary>
    /// Bytes that artifacts take on the disk, in blocks of 4 KiB, together with answers to queries, <c>sumdb/</c>,
    /// <c>quarantine/</c> and mirrors of repositories, each of which has at most a tenth of it. Default: not set, which means all of them. Above it the
    /// longest unused artifacts are removed; their records, a few KiB each, stay uncounted, and so do the last copies of kept
    /// modules (<see cref="KeepPatterns"/>). More of it spares upstreams. Temporary files are not counted.
    /// </summary>
    [Range(1L << 20, 1L << 60)]
    public long? MaxBytes { get; set; }

    /// <summary>
    /// Bytes of the file system that are kept free by removing artifacts and mirrors of repositories. Default: not set. For a disk that the store
    /// shares with others; set this or <see cref="MaxBytes"/>, and a full disk makes room for itself.
    /// </summary>
    [Range(0L, 1L << 60)]
    public long? MinFreeBytes { get; set; }

    /// <summary>
    /// Percent of <see cref="MaxBytes"/> down to which a round of removing goes. Default 90. Less of it makes rounds
    /// rarer and longer, and keeps less.
    /// </summary>
    [Range(10, 100)]
    public int LowWaterPercent { get; set; } = 90;

    /// <summary>
    /// Modules, in GOPRIVATE's syntax, whose last copy in the cluster is never removed. Default: not set, which means
    /// those of <c>Verification:Private</c> and <c>Verification:NoSumDb</c>; <c>none</c> means no module.
    /// </summary>
    public string? KeepPatterns { get; set; }

    /// <summary>What one of the directories beside the artifacts may take: so much that artifacts have six tenths.</summary>
    internal long ShareBeside(long max) => Math.Min(max, MaxBytes / 10 ?? max);

    /// <summary>Is anything ever removed?</summary>
    internal bool Evicts => MaxBytes is not null || MinFreeBytes is not null;

    /// <summary>The store that the silos of a region share, behind their disks; none by default.</summary>
    public BlobStoreOptions Blob { get; set; } = new();
}
