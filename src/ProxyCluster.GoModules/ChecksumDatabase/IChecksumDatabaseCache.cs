using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>
/// What the client keeps of one checksum database. It writes only what it has proven; what it reads back it proves
/// again, so a cache can lose things and can cost a request, but cannot make a hash true. Safe for concurrent use.
/// </summary>
public interface IChecksumDatabaseCache
{
    /// <summary>
    /// The bytes of a tile, or null. A wider tile at the same place is cut: the narrower is its beginning. Bytes that are not
    /// the ones that were written count as absent.
    /// </summary>
    ValueTask<byte[]?> ReadTileAsync(Tile tile, CancellationToken cancellationToken);

    /// <summary>Keeps a proven tile. A wider one that begins with the same bytes stays; one that differs is replaced.</summary>
    ValueTask WriteTileAsync(Tile tile, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>The verbatim lookup response for a module version, or null.</summary>
    ValueTask<byte[]?> ReadLookupAsync(ModuleVersion module, CancellationToken cancellationToken);

    /// <summary>Every lookup response that is kept, in any order. For the one time that the latest note is lost.</summary>
    IEnumerable<byte[]> ReadLookups();

    /// <summary>Keeps a proven lookup response.</summary>
    ValueTask WriteLookupAsync(ModuleVersion module, ReadOnlyMemory<byte> response, CancellationToken cancellationToken);

    /// <summary>The latest signed tree note, or null where none was kept yet. It must survive restarts.</summary>
    ValueTask<string?> ReadLatestAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Replaces the latest signed tree note if it still is <paramref name="expected"/> (null: none was kept yet), and says
    /// whether it did. Must be durable when it returns: the head is what a fork is measured against.
    /// </summary>
    ValueTask<bool> ReplaceLatestAsync(string? expected, string next, CancellationToken cancellationToken);
}
