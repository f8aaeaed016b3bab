using System.Security.Cryptography;
using System.Text;
using ProxyCluster.Files;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;

namespace ProxyCluster.Copies;

/// <summary>
/// Copies that are owed, on disk: one small file each, written when a copy is owed and deleted when it was handed out, so
/// that a restart owes what its predecessor did. A note that is lost (a crash between the commit and the note, a power cut)
/// costs what no note costs: the artifact is copied when somebody asks for it. Road not taken: finding out at start what
/// everybody has, which asks about every artifact ever stored.
/// </summary>
/// <param name="directory">Where the notes are; nothing else is.</param>
/// <param name="tree">Where they are written first.</param>
/// <param name="store">Has what is owed.</param>
/// <param name="logger">Logs.</param>
internal sealed partial class OwedNotes(string directory, DataTree tree, DiskStore store, ILogger<OwedNotes> logger)
{
    /// <summary>Keeps a copy in mind.</summary>
    public void Write(OwedCopy copy)
    {
        try
        {
            var temporary = tree.NewTemporary("owed");
            File.WriteAllLines(temporary, [copy.To, copy.Module.Path.Value, copy.Module.Version, copy.Kind.ToString()]);
            File.Move(temporary, PathOf(copy), overwrite: true);
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            Log.NotWritten(logger, copy.Module.Path.Value, copy.Module.Version, copy.To, e.Message);
        }
    }

    /// <summary>Forgets a copy.</summary>
    public void Delete(OwedCopy copy) => Delete(PathOf(copy));

    /// <summary>What an earlier process owed and still has; notes about anything else are deleted.</summary>
    public IEnumerable<OwedCopy> ReadAll()
    {
        if (!Directory.Exists(directory))
            yield break;

        foreach (var file in Directory.EnumerateFiles(directory))
        {
            var (copy, isRead) = Read(file);
            if (copy is not null)
                yield return copy;
            else if (isRead)
                Delete(file);
        }
    }

    // What cannot be read now is there for the next start.
    private (OwedCopy? Copy, bool IsRead) Read(string file)
    {
        try
        {
            var copy = RegularFile.ReadAllText(file).Split('\n', StringSplitOptions.TrimEntries) is [{ Length: > 0 } to, var path, var version, var word, ""]
                && ModuleVersion.TryParse(path, version, out var module, out _)
                && Enum.TryParse<ArtifactKind>(word, out var kind)
                && store.FindRecordOrNull(module)?.ArtifactOrNull(kind) is { } stored
                    ? new OwedCopy(module, kind, to, stored.Size, stored.Time)
                    : null;
            return (copy, true);
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            return (null, false);
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
            // It is read again after the next start, and whoever is owed the copy then says that it is there.
        }
    }

    private string PathOf(OwedCopy copy) => Path.Combine(directory, Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes($"{copy.To} {copy.Module} {copy.Kind}"))));

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Copy of {Module}@{Version} for {To} could not be noted and is lost with this process: {Reason}")]
        public static partial void NotWritten(ILogger logger, string module, string version, string to, string reason);
    }
}
