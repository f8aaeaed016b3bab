using Microsoft.Extensions.Options;
using ProxyCluster.Storage.Blobs;

namespace ProxyCluster.Storage;

/// <summary>
/// Sweeps bytes that no record names from the shared store. Every silo of the region does so, first at a random moment
/// within the interval: sweeps that meet only find less to do.
/// </summary>
internal sealed partial class SharedSweep(
    IOptions<StorageOptions> options, TimeProvider clock, ILogger<SharedSweep> logger, BlobStore? shared = null)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var interval = options.Value.Blob.SweepInterval;
        if (shared is null || interval == TimeSpan.Zero)
            return;

        for (var wait = interval * Random.Shared.NextDouble(); ; wait = interval)
        {
            await Task.Delay(wait, clock, stoppingToken);
            try
            {
                var swept = await shared.SweepAsync(stoppingToken);
                if (swept > 0)
                    Log.Swept(logger, swept, shared.Name);
            }
            catch (StoreException e)
            {
                Log.Failed(logger, e.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Swept {Count} artifacts that no record names from {Store}")]
        public static partial void Swept(ILogger logger, int count, string store);

        [LoggerMessage(LogLevel.Warning, "Sweeping the shared store ended early: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
