using System.ComponentModel.DataAnnotations;

namespace ProxyCluster.Queries;

/// <summary>How long answers to mutable questions (<c>list</c>, <c>@latest</c>, branches) live. Section <c>Queries</c>.</summary>
public sealed class QueryOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Queries";

    /// <summary>
    /// Time for which an answer is given without asking upstream. Default 60 s. More of it spares the upstream; less
    /// shows new versions sooner.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan FreshFor { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Time after that in which the old answer is given at once while a new one is fetched in the background. Default
    /// 10 min. Past it, a client waits for upstream.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan StaleWhileRevalidate { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Age up to which an old answer is given while upstream cannot be asked. Default 7 days. More of it survives
    /// longer outages.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan StaleIfError { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// Time for which a version stays listed, or an answer is given, after upstream last named it, when upstream now
    /// answers without it. Default 10 min. More of it hides that a replica lags behind the others; less shows withdrawn
    /// versions sooner. What is stored where the client asks stays listed without it; other silos are asked for what they
    /// have stored once in this time, and never where it is 0.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan BridgeFor { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Time for which "it does not exist" is remembered. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan NegativeFor { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Pause after a failed refresh in which the old answer is given without trying again. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan RetryPause { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Bytes of answers kept in memory. Default 64 MiB, in which an entry counts with everything that it
    /// holds; the longest unused ones go and are read back from disk.</summary>
    [Range(1L << 20, 1L << 40)]
    public long MemoryBytes { get; set; } = 64L << 20;

    /// <summary>
    /// Lists and <c>@latest</c> answers kept on disk, one a module each. Default 100,000; the longest unused ones go, in
    /// lots of a tenth. What is kept survives an outage of upstream together with a restart.
    /// </summary>
    [Range(1, 10_000_000)]
    public int MaxStored { get; set; } = 100_000;

    /// <summary>
    /// Answers about branches, tags and commit prefixes kept on disk, likewise. Default 10,000: everybody can make up new
    /// ones, every prefix of every commit among them.
    /// </summary>
    [Range(1, 10_000_000)]
    public int MaxStoredRevisions { get; set; } = 10_000;

    /// <summary>
    /// Bytes that both take on the disk. Default 1 GiB, and never more than a tenth of <c>Storage:MaxBytes</c>; answers about
    /// revisions have a quarter of it.
    /// </summary>
    [Range(1L << 20, 1L << 50)]
    public long MaxStoredBytes { get; set; } = 1L << 30;
}
