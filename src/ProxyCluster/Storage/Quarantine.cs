using Microsoft.Extensions.Options;
using ProxyCluster.Files;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Storage;

/// <summary>
/// Where files go that are not what they should be, for people to look at. It is bounded by number and by bytes
/// (<see cref="StorageOptions.QuarantineMaxFiles"/>), and the oldest go first; the newest one always stays.
/// </summary>
internal sealed partial class Quarantine(
    DataTree tree, IOptions<StorageOptions> options, TimeProvider clock, ILogger<Quarantine> logger)
{
    // Two that tidy up at once would count what the other deletes.
    private readonly Lock _tidying = new();
    private bool _hasLooked;
    private long _taken;

    /// <summary>Bytes that its files take on the disk, as far as anybody has looked.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Bounds what an earlier process left, if nobody has yet.</summary>
    public void LookOnce()
    {
        if (!Volatile.Read(ref _hasLooked))
            Tidy();
    }

    /// <summary>Moves a file aside and says where it is now; null when it is not there.</summary>
    /// <exception cref="StoreException">It cannot be moved.</exception>
    public string? TakeOrNull(string file, ModuleVersion module)
    {
        var aside = tree.NewQuarantine(module, Path.GetExtension(file), clock.GetUtcNow());
        try
        {
            File.Move(file, aside);
        }
        catch (Exception e) when (DiskFile.IsAbsence(e))
        {
            return null;
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            throw new StoreException($"{file} could not be set aside: {e.Message}", e);
        }

        Tidy();
        return aside;
    }

    // Names begin with the time.
    private void Tidy()
    {
        lock (_tidying)
        {
            Volatile.Write(ref _hasLooked, true);
            var (files, bytes, taken) = (0, 0L, 0L);
            var max = options.Value.ShareBeside(options.Value.QuarantineMaxBytes);
            try
            {
                foreach (var file in new DirectoryInfo(tree.Quarantine).GetFiles().OrderByDescending(static f => f.Name, StringComparer.Ordinal))
                {
                    files++;
                    bytes += file.Length;
                    if (files > 1 && (files > options.Value.QuarantineMaxFiles || bytes > max))
                        file.Delete();
                    else
                        taken += BoundedFiles.OnDisk(file.Length);
                }

                Interlocked.Exchange(ref _taken, taken);
            }
            catch (Exception e) when (StoreException.IsCause(e))
            {
                // The file that mattered is aside already; the next one tries again.
                Log.NotTidied(logger, tree.Quarantine, e.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Old files in {Quarantine} could not be deleted: {Reason}")]
        public static partial void NotTidied(ILogger logger, string quarantine, string reason);
    }
}
