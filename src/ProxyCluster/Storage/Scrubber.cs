using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Joining;

namespace ProxyCluster.Storage;

/// <summary>
/// Reads every stored artifact again within <see cref="StorageOptions.ScrubInterval"/> and sets aside what no longer
/// matches its record, before a client meets it. Paced by bytes, so that it never competes with requests for the disk.
/// </summary>
internal sealed partial class Scrubber(
    DataTree tree,
    DiskStore store,
    StoreVerification verification,
    IOptions<StorageOptions> options,
    TimeProvider clock,
    ILogger<Scrubber> logger) : HostedLoop(clock, logger)
{
    protected override IEnumerable<Turn> Strands => [TurnAsync];

    private async Task<bool> TurnAsync(CancellationToken stop)
    {
        if (options.Value.ScrubInterval == TimeSpan.Zero || !options.Value.IsUsed)
            return false;

        await Task.Delay(options.Value.ScrubInterval, Clock, stop);
        await ScrubAsync(stop);
        return true;
    }

    internal async Task ScrubAsync(CancellationToken cancel)
    {
        var (records, bytes, problems) = (0L, 0L, 0L);
        foreach (var file in tree.RecordFiles())
        {
            // The signatures behind the records were checked on the way in, and `verify` checks them again.
            var check = await verification.CheckAsync(file, NoKeys, cancel);
            foreach (var damaged in check.Damaged)
                problems += await IsSetAsideAsync(check.Record!.Module, damaged, cancel) ? 0 : 1;

            records++;
            bytes += check.Bytes;
            problems += check.Problems.Count;
            var pause = TimeSpan.FromSeconds((double)check.Bytes / options.Value.ScrubBytesPerSecond);
            await Task.Delay(pause, Clock, cancel);
        }

        Log.Finished(Logger, records, bytes, problems);
    }

    // One that cannot be set aside is a problem more, and no reason to leave the others unread until the next round.
    private async Task<bool> IsSetAsideAsync(ModuleVersion module, DamagedArtifact damaged, CancellationToken cancel)
    {
        try
        {
            await store.QuarantineAsync(module, damaged, "found by the background check", cancel);
            return true;
        }
        catch (StoreException e)
        {
            Log.NotSetAside(Logger, module.Path.Value, module.Version, e.Message);
            return false;
        }
    }

    private static readonly Dictionary<string, GoModules.Notes.VerifierKey> NoKeys = [];

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Background check read {Records} module versions, {Bytes} bytes: {Problems} problems")]
        public static partial void Finished(ILogger logger, long records, long bytes, long problems);

        [LoggerMessage(LogLevel.Error, "Damaged file of {Module}@{Version} could not be set aside: {Reason}")]
        public static partial void NotSetAside(ILogger logger, string module, string version, string reason);
    }
}
