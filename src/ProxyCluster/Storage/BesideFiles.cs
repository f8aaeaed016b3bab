using ProxyCluster.Files;

namespace ProxyCluster.Storage;

/// <summary>
/// What lies on the disk beside artifacts and records: answers to queries, what checksum databases have proven, what was set
/// aside, mirrors of repositories. Each is bounded by itself, by whoever writes it; <see cref="StorageOptions.MaxBytes"/> counts them together with
/// the artifacts.
/// </summary>
internal sealed class BesideFiles(DataTree tree, Quarantine quarantine)
{
    // Guarded by itself.
    private readonly List<BoundedFiles> _all = [];
    private readonly List<Func<long>> _counted = [];

    /// <summary>Bytes that all of it takes, as far as anybody has looked.</summary>
    public long Taken
    {
        get
        {
            lock (_all)
                return quarantine.Taken + _all.Sum(static files => files.Taken) + _counted.Sum(static taken => taken());
        }
    }

    /// <summary>Counts these as well.</summary>
    public BoundedFiles Add(BoundedFiles files)
    {
        lock (_all)
            _all.Add(files);
        return files;
    }

    /// <summary>Counts what others bound in their own way.</summary>
    public void Count(Func<long> taken)
    {
        lock (_all)
            _counted.Add(taken);
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
