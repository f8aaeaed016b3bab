using System.Collections.Concurrent;

namespace ProxyCluster.Joining;

/// <summary>
/// Values by key, in memory, within a budget of bytes.
/// <para>
/// <b>What stays.</b> CLOCK, the cheap likeness of least-recently-used: entries stand in a ring, a hit sets a mark, and
/// when room is needed a hand goes round, takes marks away, and takes out the first entry that has none. A new entry
/// stands behind the hand, so everything else is looked at before it; a scan of things that nobody asks for twice pushes
/// out only what had no hit in a whole turn.
/// </para>
/// <para>
/// <b>What is promised.</b> An entry is never refused because the cache is full: room is made before it goes in. Only one
/// that is heavier than the whole budget is not kept. The sum of weights never exceeds the budget.
/// </para>
/// <para>
/// Road not taken: <c>MemoryCache</c>, which compacts in the background and refuses new entries until that is done, a
/// quarter of them at one insert every 50 µs; caches that bound a number of entries, when one may weigh a thousand others.
/// </para>
/// </summary>
/// <param name="budget">The most that all entries may weigh together, in bytes.</param>
internal sealed class WeightedCache<TValue>(long budget)
    where TValue : class
{
    // What an entry costs beside its key's characters and its value, on 64 bits: itself, the dictionary's node
    // and slot, the string's own header.
    private const int Overhead = 160;

    // Read without the lock, written under it.
    private readonly ConcurrentDictionary<string, Entry> _entries = new(concurrencyLevel: 1, capacity: 31, StringComparer.Ordinal);

    // Guards the ring, the hand and the sum, and makes one step of a change to them and to the entries.
    private readonly Lock _lock = new();
    private Entry? _hand;
    private long _weight;

    /// <summary>Bytes that the entries weigh together.</summary>
    public long Weight => Volatile.Read(ref _weight);

    /// <summary>
    /// The value of a key, or null; being found counts as a use. Hot path: no lock, no allocation, and no write while the
    /// mark of the last use stands.
    /// </summary>
    public TValue? FindOrNull(ReadOnlySpan<char> key)
    {
        if (!_entries.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(key, out var entry))
            return null;

        if (!entry.Used)
            entry.Used = true;
        return entry.Value;
    }

    /// <summary>
    /// Puts a value in, in place of what the key had; the longest unused ones make room for it.
    /// <paramref name="weight"/> is what the value holds, in bytes; key and entry are counted here.
    /// </summary>
    public void Set(string key, TValue value, long weight)
    {
        var entry = new Entry(key, value, Overhead + (2L * key.Length) + weight);
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var old))
                TakeOut_NeedsLock(old);
            if (entry.Weight > budget)
                return;

            while (_weight + entry.Weight > budget)
                MoveHand_NeedsLock();
            _entries[key] = entry;
            Insert_NeedsLock(entry);
        }
    }

    /// <summary>Takes a key out; true when it was there.</summary>
    public bool Remove(string key)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out var entry))
                return false;

            TakeOut_NeedsLock(entry);
            return true;
        }
    }

    // Ends: a turn of the ring leaves no marks but those of hits that came meanwhile, and whoever hits is not endless.
    private void MoveHand_NeedsLock()
    {
        var entry = _hand!;
        if (entry.Used)
        {
            entry.Used = false;
            _hand = entry.Next;
        }
        else
        {
            TakeOut_NeedsLock(entry);
        }
    }

    private void Insert_NeedsLock(Entry entry)
    {
        _weight += entry.Weight;
        if (_hand is null)
        {
            _hand = entry.Next = entry.Previous = entry;
            return;
        }

        (entry.Previous, entry.Next) = (_hand.Previous, _hand);
        entry.Previous!.Next = _hand.Previous = entry;
    }

    private void TakeOut_NeedsLock(Entry entry)
    {
        _entries.TryRemove(entry.Key, out _);
        _weight -= entry.Weight;
        if (_hand == entry)
            _hand = entry.Next == entry ? null : entry.Next;
        entry.Previous!.Next = entry.Next;
        entry.Next!.Previous = entry.Previous;
    }

    private sealed class Entry(string key, TValue value, long weight)
    {
        public string Key { get; } = key;

        public TValue Value { get; } = value;

        public long Weight { get; } = weight;

        // Lost between two threads it costs an entry its place in one turn, nothing else.
        public bool Used { get; set; }

        public Entry? Previous { get; set; }

        public Entry? Next { get; set; }
    }
}
