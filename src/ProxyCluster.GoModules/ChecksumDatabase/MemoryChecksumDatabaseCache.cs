using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>A cache that lives as long as the process. It never forgets, so it is for short lives and small databases.</summary>
public sealed class MemoryChecksumDatabaseCache : IChecksumDatabaseCache
{
    private readonly Lock _lock = new();

    // Guarded by _lock.
    private readonly Dictionary<(int Level, long Index), byte[]> _tiles = [];
    private readonly Dictionary<ModuleVersion, byte[]> _lookups = [];
    private string? _latest;

    /// <inheritdoc/>
    public ValueTask<byte[]?> ReadTileAsync(Tile tile, CancellationToken cancellationToken)
    {
        lock (_lock)
            return new(_tiles.TryGetValue((tile.Level, tile.Index), out var bytes) ? tile.BeginningOrNull(bytes) : null);
    }

    /// <inheritdoc/>
    public ValueTask WriteTileAsync(Tile tile, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_tiles.TryGetValue((tile.Level, tile.Index), out var kept) || !kept.AsSpan().StartsWith(bytes.Span))
                _tiles[(tile.Level, tile.Index)] = bytes.ToArray();
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> ReadLookupAsync(ModuleVersion module, CancellationToken cancellationToken)
    {
        lock (_lock)
            return new(_lookups.GetValueOrDefault(module));
    }

    /// <inheritdoc/>
    public IEnumerable<byte[]> ReadLookups()
    {
        lock (_lock)
            return [.. _lookups.Values];
    }

    /// <inheritdoc/>
    public ValueTask WriteLookupAsync(ModuleVersion module, ReadOnlyMemory<byte> response, CancellationToken cancellationToken)
    {
        lock (_lock)
            _lookups[module] = response.ToArray();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<string?> ReadLatestAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
            return new(_latest);
    }

    /// <inheritdoc/>
    public ValueTask<bool> ReplaceLatestAsync(string? expected, string next, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_latest != expected)
                return new(false);
            _latest = next;
            return new(true);
        }
    }
}
