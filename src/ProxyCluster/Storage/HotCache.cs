using Microsoft.Extensions.Options;
using ProxyCluster.Joining;

namespace ProxyCluster.Storage;

/// <summary>
/// Recently served artifacts, in memory, within a byte budget.
/// <para>
/// The key is the artifact's escaped path as it stands in a URL (<c>github.com/gorilla/mux/@v/v1.8.0.mod</c>), so that
/// the hot path looks a request up by a slice of its target without parsing or allocating. Only verified artifacts
/// are ever put here, committed ones or, at a front end, those that a silo gave (<c>FrontEndMemory</c>), under a key built
/// from their parsed name; a key that parses to nothing is just absent.
/// </para>
/// <para>
/// Entries without bytes stand apart, in a budget of their own: each saves the hashing of a large file, and no flood of
/// small ones may push it out. Parsed records, which the entries share, have a third one.
/// </para>
/// </summary>
internal sealed class HotCache(IOptions<StorageOptions> options)
{
    private readonly WeightedCache<HotArtifact> _bodies = new(options.Value.MemoryBytes);
    private readonly WeightedCache<HotArtifact> _files = new(options.Value.MemoryBesideBytes);
    private readonly WeightedCache<HotRecord> _records = new(options.Value.MemoryBesideBytes);
    private int _removals;

    /// <summary>Bytes that the entries weigh together.</summary>
    public long Bytes => _bodies.Weight + _files.Weight + _records.Weight;

    /// <summary>The entry of a key, or null; being found counts as a use. Hot path: does not allocate.</summary>
    public HotArtifact? FindOrNull(ReadOnlySpan<char> key)
    {
        var found = _bodies.FindOrNull(key) ?? _files.FindOrNull(key);
        found?.Use();
        return found;
    }

    /// <summary>Puts an entry in; the longest unused ones go when the budget is used up.</summary>
    public void Add(string key, HotArtifact entry)
    {
        var (its, other) = entry.Body is null ? (_files, _bodies) : (_bodies, _files);
        other.Remove(key);
        its.Set(key, entry, entry.Weight);
    }

    /// <summary>A record has changed: its artifact's entry goes if it says something else of the artifact now.</summary>
    public void Renew(string key, ModuleRecord record)
    {
        if ((_bodies.FindOrNull(key) ?? _files.FindOrNull(key)) is { } entry && entry.Stored != record.ArtifactOrNull(entry.Kind))
            Remove(key);
    }

    /// <summary>How often somebody took something out, found or not; for who is about to put in what may have been meant.</summary>
    public int Removals => Volatile.Read(ref _removals);

    /// <summary>Takes an entry out, for instance because its file turned out to be damaged; true when there was one.</summary>
    public bool Remove(string key)
    {
        Interlocked.Increment(ref _removals);
        return _bodies.Remove(key) | _files.Remove(key);
    }

    /// <summary>The parsed record of a module version, by its path in a URL without the ending, or null.</summary>
    public HotRecord? FindRecordOrNull(ReadOnlySpan<char> stem) => _records.FindOrNull(stem);

    /// <summary>Keeps a parsed record.</summary>
    public void AddRecord(string stem, HotRecord record) => _records.Set(stem, record, record.Record.Weight);

    /// <summary>Takes a record out.</summary>
    public void RemoveRecord(string stem) => _records.Remove(stem);
}

/// <summary>A parsed record, and the stamp of the file that it was read from.</summary>
internal sealed record HotRecord(ModuleRecord Record, FileStamp Stamp);
