using ProxyCluster.Files;

namespace ProxyCluster.Storage;

/// <summary>Holds the data directory for this process; the operating system lets go when the process dies.</summary>
internal sealed class DataDirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DataDirectoryLock(FileStream file) => _file = file;

    /// <summary>Takes the lock or says who cannot have it.</summary>
    /// <exception cref="IOException">Another process uses the directory, or the disk does not let us.</exception>
    public static DataDirectoryLock Take(DataTree tree)
    {
        try
        {
            Directory.CreateDirectory(tree.Root);
            return new DataDirectoryLock(new FileStream(
                tree.LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1));
        }
        catch (IOException e) when (FileLocks.IsHeld(e))
        {
            throw new IOException(
                $"the data directory {tree.Root} is in use by another process (its lock file cannot be taken: {e.Message})", e);
        }
    }

    public void Dispose() => _file.Dispose();
}
