using Microsoft.Extensions.Options;
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
            var (files, bytes) = (0, 0L);
            try
            {
                foreach (var file in new DirectoryInfo(tree.Quarantine).GetFiles().OrderByDescending(static f => f.Name, StringComparer.Ordinal))
                {
                    files++;
                    bytes += file.Length;
                    if (files > 1 && (files > options.Value.QuarantineMaxFiles || bytes > options.Value.QuarantineMaxBytes))
                        file.Delete();
                }
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
