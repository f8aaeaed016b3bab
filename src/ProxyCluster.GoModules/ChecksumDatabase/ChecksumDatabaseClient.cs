using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>
/// A client of one checksum database that believes nothing but the pinned key.
/// </summary>
/// <remarks>
/// <para>Promises. A lookup that succeeds was signed, its tree lies on one timeline with every tree seen before, its
/// record is in that tree, and its hashes stand in that record. Hashes are read from the authenticated record only,
/// never from the note around it (CVE-2026-56864); a record without a line for the module version is a failure, never
/// "nothing to compare" (CVE-2026-42501); every tile that was read is proven against its parent
/// (CVE-2026-56865, see <see cref="TilePlan"/>).</para>
/// <para>Timeline. The latest signed head is kept through the cache port and survives restarts. A newer tree must contain
/// the kept one as a prefix, an older one must be a prefix of it; otherwise both notes are handed out as
/// <see cref="ForkEvidence"/>, and the kept head stays. A kept head that is damaged or gone is replaced by the largest
/// signed tree of the lookups that are kept, each of which was on the timeline: forks are measured against that. Where no
/// lookup is left either, nothing new is believed until a person decides.</para>
/// <para>Cached lookups are proven again, in their own tree, from cached tiles: they need no network and no newer head,
/// so what was proven once can be had while the database is down. Cached bytes that fail are read again from the
/// database and overwritten once the new ones are proven.</para>
/// <para>All members may be called concurrently; equal reads share one request, and a caller that gives up does not
/// disturb the others. Road not taken: proving a record in the latest tree, as <c>go</c> does. Its own signed tree serves
/// as well once the two are on one timeline, and then response and proof are one self-contained piece.</para>
/// </remarks>
public sealed class ChecksumDatabaseClient : IDisposable, IAsyncDisposable
{
    private const string LatestPath = "latest";

    private readonly VerifierKey _key;
    private readonly IChecksumDatabaseRemote _remote;
    private readonly CancellationTokenSource _lifetime = new();
    private readonly ProvenTileReader _tiles;
    private readonly Timeline _timeline;
    private readonly IChecksumDatabaseCache _cache;
    private readonly SharedWork<ModuleVersion, ChecksumResult<ChecksumLookup>> _lookups;
    private readonly SharedWork<string, ChecksumResult<SignedHead>> _latest;

    /// <summary>A client of the database that signs with <paramref name="key"/>; <paramref name="healed"/> is told of a lost head.</summary>
    public ChecksumDatabaseClient(
        VerifierKey key, IChecksumDatabaseRemote remote, IChecksumDatabaseCache cache, Action<HealedHead>? healed = null)
    {
        _key = key;
        _remote = remote;
        _cache = cache;
        _tiles = new ProvenTileReader(remote, cache, _lifetime.Token);
        _timeline = new Timeline(key, cache, _tiles, healed);
        _lookups = new(_lifetime.Token);
        _latest = new(_lifetime.Token);
    }

    /// <summary>The database's name, which is its key's.</summary>
    public string Name => _key.Name;

    /// <summary>Looks up a module version and proves the answer (spec §5, "Verify a lookup").</summary>
    public Task<ChecksumResult<ChecksumLookup>> LookupAsync(ModuleVersion module, CancellationToken cancellationToken) =>
        _lookups.JoinAsync(module, LookupOnceAsync, cancellationToken);

    /// <summary>
    /// Asks the database for its latest tree, puts it on the timeline, and gives the largest tree known: never a smaller
    /// one than before.
    /// </summary>
    public Task<ChecksumResult<SignedHead>> RefreshHeadAsync(CancellationToken cancellationToken) =>
        _latest.JoinAsync(LatestPath, RefreshHeadOnceAsync, cancellationToken);

    /// <summary>The largest tree known, without asking the database; its size is 0 and its note empty before the first.</summary>
    public Task<ChecksumResult<SignedHead>> KnownHeadAsync(CancellationToken cancellationToken) =>
        _timeline.HeadAsync(cancellationToken);

    /// <summary>
    /// The bytes of a hash or data tile, as the database serves them, proven in the largest tree known. A cached tile was
    /// proven before it was written. <see cref="ChecksumFailureKind.Unknown"/> when that tree has no such tile (yet).
    /// </summary>
    public async Task<ChecksumResult<TileBytes>> ReadTileAsync(Tile tile, CancellationToken cancellationToken)
    {
        if (await _cache.ReadTileAsync(tile, cancellationToken).ConfigureAwait(false) is { } cached)
            return new TileBytes(cached, FromCache: true);
        if (!(await _timeline.HeadAsync(cancellationToken).ConfigureAwait(false)).TryGet(out var head, out var failure))
            return failure;

        var width = Tile.WidthIn(head.Tree.Size, tile.Level, tile.Index);
        if (width < tile.Width)
            return new ChecksumFailure(ChecksumFailureKind.Unknown, $"the tree of {Name} has no {tile}");

        // One request for all of its widths, and one file.
        if (!tile.IsFull && width == Tile.FullWidth)
        {
            var full = await ReadTileAsync(tile.Full, cancellationToken).ConfigureAwait(false);
            return full.TryGet(out var whole, out failure)
                ? new TileBytes(tile.BeginningOrNull(whole.Bytes.ToArray())!, whole.FromCache)
                : failure;
        }

        var hashes = tile.Hashes;
        var plan = new TilePlan(head.Tree.Size).WithTile(hashes.Level, hashes.Index);
        if (!(await _tiles.ReadAsync(plan, head.Tree.Root, cancellationToken).ConfigureAwait(false)).TryGet(out var proven, out failure))
            return failure;

        var bytes = proven.BytesOrNull(hashes.Level, hashes.Index)!.Value[..hashes.ByteLength];
        if (!tile.IsData)
            return new TileBytes(bytes, FromCache: false);

        return (await _tiles.ReadDataAsync(tile, bytes, cancellationToken).ConfigureAwait(false)).TryGet(out var data, out failure)
            ? new TileBytes(data, FromCache: false)
            : failure;
    }

    /// <summary>Ends the work that callers share.</summary>
    public void Dispose()
    {
        _lifetime.Cancel();
        _lifetime.Dispose();
        _timeline.Dispose();
    }

    /// <summary>Ends the work that callers share and waits for its end: nothing is written to the cache afterwards.</summary>
    public async ValueTask DisposeAsync()
    {
        await _lifetime.CancelAsync().ConfigureAwait(false);
        await _lookups.EndedAsync().ConfigureAwait(false);
        await _latest.EndedAsync().ConfigureAwait(false);
        Dispose();
    }

    private async Task<ChecksumResult<ChecksumLookup>> LookupOnceAsync(ModuleVersion module, CancellationToken cancellationToken)
    {
        // 1. What was proven before.
        if (await _cache.ReadLookupAsync(module, cancellationToken).ConfigureAwait(false) is { } cached)
        {
            var again = await ProveAsync(module, cached, onTimeline: false, cancellationToken).ConfigureAwait(false);
            if (again.Failure is null)
                return again;
        }

        // 2. The database's answer.
        var path = $"lookup/{module.Path.Escaped}@{module.EscapedVersion}";
        var read = await _remote.ReadAsync(path, cancellationToken).ConfigureAwait(false);
        if (read.Status != RemoteStatus.Found)
            return FailureOf(read, $"{module}");

        // 3. Proof, then the cache: nothing unproven is ever kept.
        var proven = await ProveAsync(module, read.Body, onTimeline: true, cancellationToken).ConfigureAwait(false);
        if (proven.TryGet(out var lookup, out _))
            await _cache.WriteLookupAsync(module, lookup.Response, cancellationToken).ConfigureAwait(false);
        return proven;
    }

    private async Task<ChecksumResult<ChecksumLookup>> ProveAsync(
        ModuleVersion module, ReadOnlyMemory<byte> bytes, bool onTimeline, CancellationToken cancellationToken)
    {
        // 1. Form and signature.
        if (!LookupResponse.TryParse(bytes.Span, out var response, out var error))
            return new ChecksumFailure(ChecksumFailureKind.Malformed, $"{Name} answered for {module}: {error}");
        if (!SignedHead.TryOpen(response.SignedTree, _key, out var head, out var failure))
            return failure;
        if (response.RecordId >= head.Tree.Size)
        {
            return new ChecksumFailure(ChecksumFailureKind.ForgedRecord,
                $"{Name} gives {module} the record number {response.RecordId} in a tree of {head.Tree.Size}");
        }

        // 2. Timeline, and the tiles that lead to the record.
        var tiles = onTimeline
            ? await _timeline.PlaceAsync(head, response.RecordId, cancellationToken).ConfigureAwait(false)
            : await _tiles.ReadAsync(new TilePlan(head.Tree.Size).WithRecord(response.RecordId), head.Tree.Root, cancellationToken)
                .ConfigureAwait(false);
        if (!tiles.TryGet(out var proven, out failure))
            return failure;

        // 3. The record is the one that the tree has.
        if (MerkleHash.OfRecord(KeyName.StrictUtf8.GetBytes(response.RecordText)) != proven.Leaf(response.RecordId))
        {
            return new ChecksumFailure(ChecksumFailureKind.ForgedRecord,
                $"{Name} gives {module} a record that its signed tree does not have under number {response.RecordId}");
        }

        // 4. The lines, from the authenticated record text and from nowhere else.
        var lines = SumLines.In(response.RecordText, module);
        if (lines.AreAbsent)
        {
            return new ChecksumFailure(ChecksumFailureKind.AbsentLine,
                $"{Name} answered for {module} with record {response.RecordId}, which has no hash of it");
        }

        var inclusion = InclusionProof.Create(response.RecordId, head.Tree.Size, proven.Hash);
        var proof = new ChecksumProof(Name, response.RecordId, response.RecordText, response.SignedTree, inclusion);
        return new ChecksumLookup(module, lines, proof, bytes, FromCache: !onTimeline);
    }

    private async Task<ChecksumResult<SignedHead>> RefreshHeadOnceAsync(string path, CancellationToken cancellationToken)
    {
        var read = await _remote.ReadAsync(path, cancellationToken).ConfigureAwait(false);
        if (read.Status != RemoteStatus.Found)
            return FailureOf(read, "its latest tree");

        string note;
        try
        {
            note = KeyName.StrictUtf8.GetString(read.Body.Span);
        }
        catch (System.Text.DecoderFallbackException)
        {
            return new ChecksumFailure(ChecksumFailureKind.Malformed, $"the latest tree of {Name} is not UTF-8");
        }

        if (!SignedHead.TryOpen(note, _key, out var head, out var failure))
            return failure;
        return (await _timeline.PlaceAsync(head, null, cancellationToken).ConfigureAwait(false)).TryGet(out _, out failure)
            ? await _timeline.HeadAsync(cancellationToken).ConfigureAwait(false)
            : failure;
    }

    private ChecksumFailure FailureOf(RemoteRead read, string subject) => new(
        read.Status switch
        {
            RemoteStatus.NotFound => ChecksumFailureKind.Unknown,
            RemoteStatus.Overloaded => ChecksumFailureKind.Overloaded,
            _ => ChecksumFailureKind.Unavailable,
        },
        read.Status == RemoteStatus.NotFound
            ? $"{Name} does not know {subject}: {read.Message}"
            : $"{Name} cannot be asked for {subject}: {read.Message}",
        RetryAfter: read.RetryAfter);
}
