using System.ComponentModel.DataAnnotations;
using ProxyCluster.Configuration;

namespace ProxyCluster.Storage.Blobs;

/// <summary>
/// The store that the silos of a region share, in Azure Blob Storage. Section <c>Storage:Blob</c>; used when
/// <see cref="ConnectionString"/> or <see cref="Endpoint"/> is set.
/// </summary>
public sealed class BlobStoreOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Storage:Blob";

    /// <summary>
    /// A storage account's connection string, with its key or a shared access signature; <c>UseDevelopmentStorage=true</c>
    /// is Azurite on its usual port. Default none.
    /// </summary>
    [Secret]
    public string ConnectionString { get; set; } = "";

    /// <summary>
    /// The account's blob endpoint, <c>https://account.blob.core.windows.net</c>, in place of a connection string. Without
    /// <see cref="Sas"/> the process's own Azure identity is used (managed identity, workload identity, environment).
    /// Default none.
    /// </summary>
    public Uri? Endpoint { get; set; }

    /// <summary>A shared access signature for <see cref="Endpoint"/>: read, add, create, write, delete, list. Default none.</summary>
    [Secret]
    public string Sas { get; set; } = "";

    /// <summary>Client id of the user-assigned managed identity to use. Default: the machine's own identity.</summary>
    public string ManagedIdentityClientId { get; set; } = "";

    /// <summary>The container; one per region. Default <c>modules</c>.</summary>
    [RegularExpression("^(?=.{3,63}$)[a-z0-9](-?[a-z0-9])*$",
        ErrorMessage = "a container's name has 3 to 63 small letters, digits and single dashes")]
    public string Container { get; set; } = "modules";

    /// <summary>
    /// Directory inside the container, without a slash at either end; for a container that others use too. Every silo of the
    /// region needs the same. Default none.
    /// </summary>
    [RegularExpression("^([a-zA-Z0-9_-]+(/[a-zA-Z0-9_-]+)*)?$",
        ErrorMessage = "a prefix has letters, digits, '-' and '_', in parts between slashes")]
    [MaxLength(128)]
    public string Prefix { get; set; } = "";

    /// <summary>Whether a missing container is created at the start. Default true.</summary>
    public bool CreateContainer { get; set; } = true;

    /// <summary>
    /// When an artifact that this silo fetched goes to the shared store. Default <c>background</c>: clients do not wait, and
    /// what a silo loses together with its disk in that moment is fetched again. <c>before-answer</c>: it is tried once
    /// before the fetch counts as done, so that a region's other silos find it; a store that does not take it delays the
    /// answer, by <see cref="NetworkTimeout"/> at most, and never fails it.
    /// </summary>
    [AllowedValues("background", "before-answer")]
    public string WriteMode { get; set; } = "background";

    /// <summary>
    /// Silence of the store during a read after which the silo looks elsewhere. Default 2 s. More of it finds more under
    /// load; all of it is added to a miss while the store hangs.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan AnswerTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Time for which the store is not asked after it failed a read. Default 5 s; less of it notices its return sooner.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan RestAfterFailure { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Time after which one attempt of a call ends, and the limit of the check at the start and of the last copies at the
    /// end. Default 30 s. More of it lets
    /// a whole block pass over a slow link; less of it leaves a dead connection sooner.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan NetworkTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Further attempts after one that failed or was throttled. Default 3. Bytes that break off midway are gone on with five
    /// times, whatever is said here: that is the package's own.
    /// </summary>
    [Range(0, 20)]
    public int Retries { get; set; } = 3;

    /// <summary>Pause before the second attempt, doubled each time. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan RetryPause { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Longest pause between two attempts, and longest <c>Retry-After</c> that is waited for; a store that asks for more has
    /// failed. Default 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan MaxRetryPause { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Largest piece that is sent in one call; larger artifacts go in blocks of this size, one after another. Default 4
    /// MiB. More of it needs fewer calls, and that much memory per upload under way.
    /// </summary>
    [Range(64L << 10, 256L << 20)]
    public long BlockBytes { get; set; } = 4L << 20;

    /// <summary>Artifacts waiting for the shared store; beyond it the oldest is dropped and counted. Default 10,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxWaiting { get; set; } = 10_000;

    /// <summary>Artifacts handed over at once. Default 2.</summary>
    [Range(1, 64)]
    public int Parallel { get; set; } = 2;

    /// <summary>
    /// Attempts per artifact in the background, after the retries of each call, before the log names it (at level Debug). It
    /// stays owed, and waits behind the others after every attempt. Default 20, about 15 minutes.
    /// </summary>
    [Range(1, 1000)]
    public int Attempts { get; set; } = 20;

    /// <summary>An artifact's pause after a failed attempt in the background, doubled each time up to a minute. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan AttemptPause { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Names asked for in one call of a listing.</summary>
    internal int ListPage { get; set; } = 1000;

    /// <summary>Whether the section names a store.</summary>
    internal bool IsConfigured => ConnectionString.Length > 0 || Endpoint is not null;
}
