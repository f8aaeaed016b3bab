using System.ComponentModel.DataAnnotations;

namespace ProxyCluster.Verification;

/// <summary>The checksum databases: which ones, for which modules, and how patiently they are asked.</summary>
public sealed class VerificationOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Verification";

    /// <summary>
    /// The database that proves modules, in GOSUMDB's syntax. Default <c>sum.golang.org</c>. With <c>off</c> nothing is
    /// proven: every module is pinned by its first fetch.
    /// </summary>
    [Required]
    public string SumDb { get; set; } = "sum.golang.org";

    /// <summary>
    /// Modules that are not looked up, in GONOSUMDB's syntax. Default: not set, which means the value of
    /// <see cref="Private"/>. Each pattern more is a set of modules that is trusted at first sight.
    /// </summary>
    public string? NoSumDb { get; set; }

    /// <summary>Private modules, in GOPRIVATE's syntax; their names are never sent to a database. Default none.</summary>
    public string Private { get; set; } = "";

    /// <summary>
    /// Modules that are accepted unproven while the database is unreachable, in GONOSUMDB's syntax. Default none: then an
    /// outage refuses new modules with 503.
    /// </summary>
    public string FailOpen { get; set; } = "";

    /// <summary>
    /// Further databases that are mirrored under <c>/sumdb/</c>, each in GOSUMDB's syntax. Default none;
    /// <see cref="SumDb"/> is always mirrored.
    /// </summary>
    public IReadOnlyList<string> Mirrored { get; set; } = [];

    /// <summary>Limit for connecting. Default 5 s. Less turns a slow network into an outage, more makes outages slow.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Limit from sending a request to the head of its answer. Default 15 s: new records take a while.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan FirstByteTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Limit for one attempt with its body. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Lookups in one database at once, and as many tiles for the mirror's clients. Default 16, of which a quarter is for clients
    /// that have none. More is faster for many cold modules, and rougher to the database.
    /// </summary>
    [Range(1, 1_000)]
    public int MaxConcurrentRequests { get; set; } = 16;

    /// <summary>Lookups that wait for their turn; past them the client with most of them is refused. Default 2,000.</summary>
    [Range(0, 100_000)]
    public int MaxWaiting { get; set; } = 2000;

    /// <summary>Longest wait for a turn. Default 30 s. More of it makes long queues, less refuses bursts.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan QueueTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long it is remembered that a database does not have something. Default 10 s. More hides what is published.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan AbsentFor { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Reads in a row that meet an outage, from which on the database is left alone. Default 5.</summary>
    [Range(1, 1_000)]
    public int BreakerThreshold { get; set; } = 5;

    /// <summary>For how long it is left alone before the next try. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan BreakerPause { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Follow redirects of a public database to loopback, link-local and private addresses. Default false: such a redirect
    /// has this proxy ask what strangers cannot reach.
    /// </summary>
    public bool AllowPrivateRedirects { get; set; }

    /// <summary>How often a read is tried in all. Default 3. More survives longer hiccups and makes outages slower.</summary>
    [Range(1, 10)]
    public int Attempts { get; set; } = 3;

    /// <summary>Pause before the second attempt; it doubles with each and is jittered. Default 200 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Longest pause that is waited for. Default 5 s. A database that asks for more (<c>Retry-After</c>) is not asked
    /// again in this request, and its wish is passed on.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the mirror serves a latest tree before asking again. Default 1 minute. More saves requests; records newer
    /// than it are still found, since lookups bring their own tree.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan LatestMaxAge { get; set; } = TimeSpan.FromMinutes(1);
}
