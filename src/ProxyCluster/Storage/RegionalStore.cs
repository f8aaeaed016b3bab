using Microsoft.Extensions.Options;
using ProxyCluster.Rulings;
using ProxyCluster.Storage.Blobs;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Storage;

/// <summary>
/// The store that a region's silos share, behind their disks, if one is configured: the durable copy, of which the disks
/// are caches. It holds what silos of the region committed and handed over, and is trusted
/// no more than a peer by those who read it.
/// </summary>
internal sealed class RegionalStore
{
    private readonly TimeProvider _clock;

    /// <param name="options">Whether there is one, and where.</param>
    /// <param name="rulings">What is void.</param>
    /// <param name="metrics">Counts conflicts.</param>
    /// <param name="clock">Limits the check.</param>
    /// <param name="loggers">Logs.</param>
    public RegionalStore(
        IOptions<StorageOptions> options,
        RulingBook rulings,
        ProxyMetrics metrics,
        TimeProvider clock,
        ILoggerFactory loggers)
    {
        Options = options.Value.Blob;
        _clock = clock;
        if (!options.Value.IsUsed || !Options.IsConfigured)
            return;

        if (!BlobLocation.TryParse(Options, out var location, out var error))
            throw new InvalidOperationException(error); // the options were validated
        Blobs = new BlobStore(location.Open(), Options, rulings, metrics, loggers.CreateLogger<BlobStore>());
    }

    /// <summary>The store, or null.</summary>
    public BlobStore? Blobs { get; }

    /// <summary>How it is used.</summary>
    public BlobStoreOptions Options { get; }

    /// <summary>Makes the container where that is wanted and tries it; null without a store.</summary>
    public async Task<ContainerCheck?> CheckAsync(CancellationToken cancel) =>
        Blobs is null ? null : await ContainerCheck.RunAsync(Blobs, Options, _clock, cancel);
}
