using Azure.Core;
using Azure.Core.Pipeline;
using Microsoft.Extensions.Options;
using ProxyCluster.Copies;
using ProxyCluster.Storage.Blobs;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Storage;

/// <summary>
/// The store that a region's silos share, behind their disks, if one is configured: the durable copy, of which the disks
/// are caches. It holds what a silo of the region committed and handed over (<see cref="SharedWrites"/>), and is trusted
/// no more than a peer by those who read it.
/// </summary>
internal sealed class RegionalStore
{
    private readonly BlobClient? _client;
    private readonly TimeProvider _clock;

    /// <param name="options">Whether there is one, and where.</param>
    /// <param name="metrics">Counts conflicts.</param>
    /// <param name="clock">Dates signatures and limits the check.</param>
    /// <param name="loggers">Logs.</param>
    /// <param name="transport">What sends; null for the network.</param>
    /// <param name="identity">Who we are; null for the process's Azure identity.</param>
    public RegionalStore(
        IOptions<StorageOptions> options,
        ProxyMetrics metrics,
        TimeProvider clock,
        ILoggerFactory loggers,
        HttpPipelineTransport? transport = null,
        TokenCredential? identity = null)
    {
        Options = options.Value.Blob;
        _clock = clock;
        if (!options.Value.IsUsed || !Options.IsConfigured)
            return;

        if (!BlobLocation.TryParse(Options, out var location, out var error))
            throw new InvalidOperationException(error); // the options were validated
        _client = new BlobClient(BlobPipeline.Build(location, Options, clock, transport, identity), location.Container);
        Blobs = new BlobStore(_client, Options, metrics, loggers.CreateLogger<BlobStore>());
    }

    /// <summary>The store, or null.</summary>
    public BlobStore? Blobs { get; }

    /// <summary>How it is used.</summary>
    public BlobStoreOptions Options { get; }

    /// <summary>Makes the container where that is wanted and tries it; null without a store.</summary>
    public async Task<ContainerCheck?> CheckAsync(CancellationToken cancel) =>
        Blobs is null ? null : await ContainerCheck.RunAsync(_client!, Blobs, Options, _clock, cancel);
}
