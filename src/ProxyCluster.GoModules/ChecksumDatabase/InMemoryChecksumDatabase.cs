using System.Text;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>
/// A genuine checksum database held in memory: an append-only log of records with its signed head, lookups and tiles, under
/// the same paths as a public one (spec §5). For tests, demonstrations and private corpora; it is lost with the process.
/// All members may be called concurrently.
/// </summary>
public sealed class InMemoryChecksumDatabase(SignerKey signer) : IChecksumDatabaseRemote
{
    private readonly Lock _lock = new();

    // Guarded by _lock. _levels[l][i] is the hash of complete subtree i of tree level l.
    private readonly List<List<Digest>> _levels = [[]];
    private readonly List<string> _records = [];
    private readonly Dictionary<ModuleVersion, long> _ids = [];
    private string? _signed;

    /// <summary>The key to pin.</summary>
    public VerifierKey Key => signer.Verifier;

    /// <summary>Number of records.</summary>
    public long Size
    {
        get
        {
            lock (_lock)
                return _records.Count;
        }
    }

    /// <summary>Appends a record with the two lines of a module version, unless it has one already.</summary>
    /// <returns>The record's number.</returns>
    public long Append(ModuleVersion module, string zipH1, string goModH1) =>
        Append(module, $"{module.Path} {module.Version} {zipH1}\n{module.Path} {module.Version}/go.mod {goModH1}\n");

    /// <summary>Appends any record under a module version, unless it has one already.</summary>
    /// <returns>The record's number.</returns>
    /// <exception cref="ArgumentException">The text is not a list of lines.</exception>
    public long Append(ModuleVersion module, string recordText)
    {
        if (!LookupResponse.IsRecordText(recordText))
            throw new ArgumentException("a record is a list of non-empty lines, each ending with a newline", nameof(recordText));

        lock (_lock)
        {
            if (_ids.TryGetValue(module, out var id))
                return id;

            id = _records.Count;
            _records.Add(recordText);
            _ids.Add(module, id);
            _signed = null;
            Push_NeedsLock(MerkleHash.OfRecord(Encoding.UTF8.GetBytes(recordText)));
            return id;
        }
    }

    /// <summary>The tree over all records, signed.</summary>
    public string SignTree()
    {
        lock (_lock)
            return SignTree_NeedsLock();
    }

    /// <summary>Root over the first <paramref name="size"/> records.</summary>
    public Digest RootOf(long size)
    {
        lock (_lock)
            return Subtree.Hash(0, size, Hash_NeedsLock);
    }

    /// <summary>Reads <c>latest</c>, <c>lookup/…</c>, or <c>tile/…</c>.</summary>
    public ValueTask<RemoteRead> ReadAsync(string path, CancellationToken cancellationToken)
    {
        lock (_lock)
            return new(Read_NeedsLock(path));
    }

    private RemoteRead Read_NeedsLock(string path)
    {
        if (path == "latest")
            return RemoteRead.Found(Encoding.UTF8.GetBytes(SignTree_NeedsLock()));

        if (path.StartsWith("lookup/", StringComparison.Ordinal)
            && path.IndexOf('@', StringComparison.Ordinal) is > 0 and var at
            && ModulePath.TryUnescape(path.AsSpan(7, Math.Max(0, at - 7)), out var modulePath, out _)
            && ModuleVersion.TryUnescape(modulePath, path.AsSpan(at + 1), out var module, out _)
            && _ids.TryGetValue(module, out var id))
        {
            return RemoteRead.Found(new LookupResponse(id, _records[(int)id], SignTree_NeedsLock()).ToBytes());
        }

        return Tile.TryParse(path, out var tile) && tile.Width <= Tile.WidthIn(_records.Count, tile.Level, tile.Index)
            ? RemoteRead.Found(TileBytes_NeedsLock(tile))
            : RemoteRead.NotFound($"not found: {path}");
    }

    private byte[] TileBytes_NeedsLock(Tile tile)
    {
        var first = (int)(tile.Index << Tile.Height);
        if (tile.IsData)
            return Encoding.UTF8.GetBytes(string.Concat(_records.GetRange(first, tile.Width).Select(record => record + "\n")));

        var bytes = new byte[tile.ByteLength];
        for (var i = 0; i < tile.Width; i++)
            _levels[tile.Level * Tile.Height][first + i].CopyTo(bytes.AsSpan(i * Digest.Size));
        return bytes;
    }

    private string SignTree_NeedsLock() => _signed ??= SignedNote.Sign(
        TreeNote.Format(new TreeHead(_records.Count, Subtree.Hash(0, _records.Count, Hash_NeedsLock))), signer);

    private void Push_NeedsLock(Digest hash)
    {
        // A second hash of a pair completes a subtree one level up, and so on.
        for (var level = 0; ; level++)
        {
            if (level == _levels.Count)
                _levels.Add([]);
            _levels[level].Add(hash);
            if (_levels[level].Count % 2 == 1)
                return;
            hash = MerkleHash.OfNode(_levels[level][^2], hash);
        }
    }

    private Digest Hash_NeedsLock(int level, long index) => _levels[level][(int)index];
}
