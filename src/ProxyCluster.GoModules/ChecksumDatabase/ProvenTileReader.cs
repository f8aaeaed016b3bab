using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>Reads the tiles of a plan from cache and database, proves them, and keeps the proven ones (spec §5).</summary>
internal sealed class ProvenTileReader(IChecksumDatabaseRemote remote, IChecksumDatabaseCache cache, CancellationToken lifetime)
{
    private readonly SharedWork<Tile, ChecksumResult<ReadOnlyMemory<byte>>> _reads = new(lifetime);

    /// <summary>Reads and proves a plan. Cached tiles that do not prove are read again from the database, once.</summary>
    public async Task<ChecksumResult<ProvenTiles>> ReadAsync(TilePlan plan, Digest root, CancellationToken cancellationToken)
    {
        var cached = new byte[]?[plan.Tiles.Count];
        for (var i = 0; i < cached.Length; i++)
            cached[i] = await cache.ReadTileAsync(plan.Tiles[i], cancellationToken).ConfigureAwait(false);

        var result = await ReadRestAsync(plan, root, cached, cancellationToken).ConfigureAwait(false);
        if (result.Failure is { Kind: ChecksumFailureKind.ForgedTile } && cached.Any(bytes => bytes is not null))
        {
            Array.Clear(cached);
            result = await ReadRestAsync(plan, root, cached, cancellationToken).ConfigureAwait(false);
        }

        return result;
    }

    /// <summary>Reads a data tile and checks every record of it against proven leaf hashes.</summary>
    public async Task<ChecksumResult<ReadOnlyMemory<byte>>> ReadDataAsync(
        Tile tile, ReadOnlyMemory<byte> leaves, CancellationToken cancellationToken)
    {
        ChecksumFailure failure = new(ChecksumFailureKind.Unknown, $"there is no {tile}");
        foreach (var candidate in Candidates(tile))
        {
            var read = await remote.ReadAsync(candidate.ToString(), cancellationToken).ConfigureAwait(false);
            if (read.Status != RemoteStatus.Found)
            {
                failure = FailureOf(candidate, read);
                continue;
            }

            var length = DataTile.LengthOfProvenRecordsOrNull(read.Body.Span, tile.Index << Tile.Height, tile.Width, leaves.Span);
            if (length is null || (candidate == tile && length != read.Body.Length))
            {
                failure = new(ChecksumFailureKind.ForgedRecord, $"{candidate} has a record that the signed tree does not have");
                continue;
            }

            var bytes = read.Body[..length.Value];
            await cache.WriteTileAsync(tile, bytes, cancellationToken).ConfigureAwait(false);
            return bytes;
        }

        return failure;
    }

    private async Task<ChecksumResult<ProvenTiles>> ReadRestAsync(
        TilePlan plan, Digest root, byte[]?[] cached, CancellationToken cancellationToken)
    {
        // 1. What the cache lacks, all at once: a plan has a handful of tiles.
        var reads = new Task<ChecksumResult<ReadOnlyMemory<byte>>>[cached.Length];
        for (var i = 0; i < reads.Length; i++)
        {
            reads[i] = cached[i] is { } bytes
                ? Task.FromResult<ChecksumResult<ReadOnlyMemory<byte>>>(new ReadOnlyMemory<byte>(bytes))
                : _reads.JoinAsync(plan.Tiles[i], ReadRemoteAsync, cancellationToken);
        }

        var contents = new ReadOnlyMemory<byte>[reads.Length];
        var results = await Task.WhenAll(reads).ConfigureAwait(false);
        for (var i = 0; i < results.Length; i++)
        {
            if (!results[i].TryGet(out contents[i], out var failure))
                return failure;
        }

        // 2. Proof, then the cache.
        if (!plan.TryProve(root, contents, out var proven, out var error))
            return new ChecksumFailure(ChecksumFailureKind.ForgedTile, error);

        for (var i = 0; i < contents.Length; i++)
        {
            if (cached[i] is null)
                await cache.WriteTileAsync(plan.Tiles[i], contents[i], cancellationToken).ConfigureAwait(false);
        }

        return proven;
    }

    private async Task<ChecksumResult<ReadOnlyMemory<byte>>> ReadRemoteAsync(Tile tile, CancellationToken cancellationToken)
    {
        ChecksumFailure? failure = null;
        foreach (var candidate in Candidates(tile))
        {
            var read = await remote.ReadAsync(candidate.ToString(), cancellationToken).ConfigureAwait(false);
            if (read.Status == RemoteStatus.Found && read.Body.Length == candidate.ByteLength)
                return read.Body[..tile.ByteLength];

            failure = read.Status == RemoteStatus.Found
                ? new(ChecksumFailureKind.Malformed, $"{candidate} has {read.Body.Length} bytes instead of {candidate.ByteLength}")
                : FailureOf(candidate, read);
        }

        return failure!;
    }

    // A partial tile may vanish once the full one is there; whatever the failure, the full one begins with it (spec §5).
    private static Tile[] Candidates(Tile tile) => tile.IsFull ? [tile] : [tile, tile.Full];

    // A tree that is signed has all its tiles, so "not found" is a database that cannot answer now.
    private static ChecksumFailure FailureOf(Tile tile, RemoteRead read) =>
        new(ChecksumFailureKind.Unavailable, $"{tile} cannot be read: {read.Message}", RetryAfter: read.RetryAfter);
}
