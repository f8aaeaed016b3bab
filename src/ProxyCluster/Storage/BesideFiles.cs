using ProxyCluster.Files;

namespace ProxyCluster.Storage;

/// <summary>
/// What lies on the disk beside artifacts and records: answers to queries, what checksum databases have proven, what was set
/// aside. Each is bounded by itself, by whoever writes it; <see cref="StorageOptions.MaxBytes"/> counts them together with
/// the artifacts.
/// </summary>
internal sealed class BesideFiles(DataTree tree, Quarantine quarantine)
{
    // Guarded by itself.
    private readonly List<BoundedFiles> _all = [];

    /// <summary>Bytes that all of it takes, as far as anybody has looked.</summary>
    public long Taken
    {
        get
        {
            lock (_all)
                return quarantine.Taken + _all.Sum(static files => files.Taken);
        }
    }

    /// <summary>Counts these as well.</summary>
    public BoundedFiles Add(BoundedFiles files)
    {
        lock (_all)
            _all.Add(files);
        return files;
    }

    /// <summary>Has what an earlier process left looked at, and bounded, once.</summary>
    public void LookOnce()
    {
        if (tree.IsReadOnly)
            return;

        quarantine.LookOnce();
        lock (_all)
            _all.ForEach(static files => files.LookOnce());
    }
}
