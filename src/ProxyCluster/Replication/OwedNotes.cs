using System.Security.Cryptography;
using System.Text;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;

namespace ProxyCluster.Replication;

/// <summary>
/// What is owed to other regions, on disk: one small file per copy, written when it is owed and deleted when it was
/// handed out, so that a restart owes what its predecessor did. A note that is lost (a crash between the commit and the
/// note, a power cut) costs what no note costs: the region copies the artifact when somebody there asks for it. Road not
/// taken: finding out at start what all regions have, which asks them about every artifact ever stored.
/// </summary>
internal sealed partial class OwedNotes(DataTree tree, DiskStore store, ILogger<OwedNotes> logger)
{
    /// <summary>Keeps a copy in mind.</summary>
    public void Write(OwedCopy copy)
    {
        try
        {
            var temporary = tree.NewTemporary("owed");
            File.WriteAllLines(temporary, [copy.Region, copy.Module.Path.Value, copy.Module.Version, copy.Kind.ToString()]);
            File.Move(temporary, PathOf(copy), overwrite: true);
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            Log.NotWritten(logger, copy.Module.Path.Value, copy.Module.Version, copy.Region, e.Message);
        }
    }

    /// <summary>Forgets a copy.</summary>
    public void Delete(OwedCopy copy) => Delete(PathOf(copy));

    /// <summary>What an earlier process owed and still has; notes about anything else are deleted.</summary>
    public IEnumerable<OwedCopy> ReadAll()
    {
        if (!Directory.Exists(tree.Owed))
            yield break;

        foreach (var file in Directory.EnumerateFiles(tree.Owed))
        {
            if (ReadOrNull(file) is { } copy)
                yield return copy;
            else
                Delete(file);
        }
    }

    private OwedCopy? ReadOrNull(string file)
    {
        try
        {
            return File.ReadAllLines(file) is [{ Length: > 0 } region, var path, var version, var word]
                && ModuleVersion.TryParse(path, version, out var module, out _)
                && Enum.TryParse<ArtifactKind>(word, out var kind)
                && store.FindRecordOrNull(module)?.ArtifactOrNull(kind) is { } stored
                    ? new OwedCopy(module, kind, region, stored.Size, stored.Time)
                    : null;
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            return null;
        }
    }

    private static void Delete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            // It is read again after the next start, and the region then says that it has the copy.
        }
    }

    private string PathOf(OwedCopy copy) => tree.OwedPath(Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes($"{copy.Region} {copy.Module} {copy.Kind}"))));

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Copy of {Module}@{Version} for {Region} could not be noted and is lost with this process: {Reason}")]
        public static partial void NotWritten(ILogger logger, string module, string version, string region, string reason);
    }
}
