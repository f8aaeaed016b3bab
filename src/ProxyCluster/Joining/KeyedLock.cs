namespace ProxyCluster.Joining;

/// <summary>
/// One lock per key, for as long as somebody holds it or waits for it. Road not taken: a fixed number of locks chosen by
/// hash, with which a holder whom the disk lets hang stops the commits of modules that have nothing to do with his.
/// </summary>
internal sealed class KeyedLock<TKey>
    where TKey : notnull
{
    // Guards itself and the entries' counts.
    private readonly Dictionary<TKey, Entry> _entries = [];

    /// <summary>Keys that are held or waited for.</summary>
    public int Count
    {
        get
        {
            lock (_entries)
                return _entries.Count;
        }
    }

    /// <summary>Takes the key's lock; dispose the result to let go.</summary>
    public async ValueTask<Held> TakeAsync(TKey key, CancellationToken cancel)
    {
        Entry? entry;
        lock (_entries)
        {
            if (!_entries.TryGetValue(key, out entry))
                _entries[key] = entry = new Entry();
            entry.Users++;
        }

        try
        {
            await entry.Turn.WaitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            Leave(key, entry);
            throw;
        }

        return new Held(this, key, entry);
    }

    /// <summary>Takes the key's lock where nobody holds it or waits for it; null elsewhere.</summary>
    public Held? TakeOrNull(TKey key)
    {
        lock (_entries)
        {
            if (_entries.ContainsKey(key))
                return null;
            var entry = new Entry { Users = 1 };
            entry.Turn.Wait(0);
            _entries[key] = entry;
            return new Held(this, key, entry);
        }
    }

    // A semaphore whose wait handle nobody asked for holds nothing that must be disposed.
    private void Leave(TKey key, Entry entry)
    {
        lock (_entries)
        {
            if (--entry.Users == 0)
                _entries.Remove(key);
        }
    }

    internal sealed class Entry
    {
        public SemaphoreSlim Turn { get; } = new(1, 1);

        public int Users { get; set; }
    }

    internal readonly struct Held(KeyedLock<TKey> owner, TKey key, Entry entry) : IDisposable
    {
        public void Dispose()
        {
            entry.Turn.Release();
            owner.Leave(key, entry);
        }
    }
}
