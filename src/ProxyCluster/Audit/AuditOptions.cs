using System.ComponentModel.DataAnnotations;
using ProxyCluster.Configuration;

namespace ProxyCluster.Audit;

/// <summary>What is written down of who asked for what, where, and for how long. Section <c>Audit</c>.</summary>
internal sealed class AuditOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Audit";

    /// <summary>Whether anything is written. Default true: what the gate refuses, what fails its proof, and operators' orders.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Whether every download is written too: who got which artifact. Default false. On, it costs some 450 bytes of disk per download, and a
    /// twentieth of the requests per second at most.
    /// </summary>
    public bool Downloads { get; set; }

    /// <summary>
    /// The directory of the log. Default <c>audit</c> in the data directory. A front end has no data directory: what it decides by
    /// itself, and gives from its own memory, is written only where this names a directory of its own.
    /// </summary>
    public string Directory { get; set; } = "";

    /// <summary>
    /// Events that may wait to be written. Default 65,536. When they are that many, new ones are left out, and the next line says how many were:
    /// a disk that hangs never holds a request. More of it bridges longer pauses, for some 300 bytes each.
    /// </summary>
    [Range(16, 16_777_216)]
    public int MaxQueue { get; set; } = 65_536;

    /// <summary>
    /// How long the writer gathers events before it writes and flushes them together. Default 50 ms. More of it costs the disk fewer flushes,
    /// and loses more on <c>kill -9</c>: an event counts from its flush on.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan GatherFor { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Bytes after which a new file is begun; each hour begins one anyway. Default 64 MiB. Less of it lets retention remove smaller pieces.</summary>
    [Range(4096L, 1L << 40)]
    public long MaxFileBytes { get; set; } = 64L << 20;

    /// <summary>Bytes that all files may take; the oldest go first. Default 4 GiB. They come beside <c>Storage:MaxBytes</c>.</summary>
    [Range(4096L, 1L << 50)]
    public long MaxBytes { get; set; } = 4L << 30;

    /// <summary>For how long a file is kept after its last line, unless <see cref="MaxBytes"/> comes first. Default 400 d.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "36500.00:00:00")]
    public TimeSpan KeepFor { get; set; } = TimeSpan.FromDays(400);

    /// <summary>
    /// How often the log's end is sealed: entered into what the whole cluster knows, so that nobody can cut off what was before. Default 1 h.
    /// Less of it leaves less that can be cut off unseen.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan SealEvery { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Writes a keyed hash in place of each client's address. Default false. Who knows the key can still ask for an address; without it nobody
    /// can tell whose it was. It needs <see cref="AddressKeyFile"/> or <see cref="AddressKey"/>.
    /// </summary>
    public bool HashAddresses { get; set; }

    /// <summary>The key of that hash: at least 16 characters, the same on every member. Default none.</summary>
    [Secret]
    public string AddressKey { get; set; } = "";

    /// <summary>A file that holds the key. Default none. Another key from some day on makes what was before unreadable, which may be the point.</summary>
    public string AddressKeyFile { get; set; } = "";

    /// <summary>
    /// A PostgreSQL database that gets every line too, as Npgsql's connection string: <c>Host=db;Database=audit;Username=proxycluster;Password=…</c>.
    /// Default none. The files are what is sent from: while the database is away they wait.
    /// </summary>
    [Secret]
    public string Postgres { get; set; } = "";

    /// <summary>Time between two looks for new lines to send to the database. Default 1 s. More of it makes fewer, larger batches.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan PostgresEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether a line is on the disk before it counts; as the store's own (<c>Storage:Flush</c>).</summary>
    internal bool IsFlushed { get; set; } = true;
}
