using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace ProxyCluster.Storage;

/// <summary>
/// Recently served artifacts, in memory, within a byte budget.
/// <para>
/// The key is the artifact's escaped path as it stands in a URL (<c>github.com/gorilla/mux/@v/v1.8.0.mod</c>), so that
/// the hot path looks a request up by a slice of its target without parsing or allocating. Only committed, verified
/// artifacts are ever put here, under a key built from their parsed name; a key that parses to nothing is just absent.
/// </para>
/// </summary>
internal sealed class HotCache(IOptions<StorageOptions> options) : IDisposable
{
    private readonly MemoryCache _entries = new(new MemoryCacheOptions
    {
        SizeLimit = options.Value.MemoryBytes,
        TrackStatistics = true,
    });

    /// <summary>Bytes that the entries weigh together.</summary>
    public long Bytes => _entries.GetCurrentStatistics()?.CurrentEstimatedSize ?? 0;

    /// <summary>The entry of a key, or null; being found counts as a use. Hot path: does not allocate.</summary>
    public HotArtifact? FindOrNull(ReadOnlySpan<char> key)
    {
        if (!_entries.TryGetValue(key, out var entry))
            return null;

        var found = (HotArtifact?)entry;
        found?.Use();
        return found;
    }

    /// <summary>Puts an entry in; least recently used ones go when the budget is used up.</summary>
    public void Add(string key, HotArtifact entry) =>
        _entries.Set(key, entry, new MemoryCacheEntryOptions { Size = entry.Weight });

    /// <summary>Takes an entry out, for instance because its file turned out to be damaged.</summary>
    public void Remove(string key) => _entries.Remove(key);

    public void Dispose() => _entries.Dispose();
}
