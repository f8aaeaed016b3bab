using ProxyCluster.GoModules.Notes;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>The one timeline that all trees of a database must lie on, and its latest point.</summary>
internal sealed class Timeline(VerifierKey key, IChecksumDatabaseCache cache, ProvenTileReader tiles, Action<HealedHead>? healed) : IDisposable
{
    // A retry means that somebody else moved the head on, so this many in a row means that many movers.
    private const int MaxRaces = 256;

    private readonly SemaphoreSlim _gate = new(1, 1);

    // Written under _gate; null until read from the cache.
    private volatile SignedHead? _head;

    // Under _gate: what was judged to be beyond healing, so that not every question looks through all lookups.
    private (string Note, ChecksumFailure Failure)? _hopeless;

    /// <summary>The latest point; the empty tree with an empty note before the first.</summary>
    public async Task<ChecksumResult<SignedHead>> HeadAsync(CancellationToken cancellationToken)
    {
        if (_head is { } known)
            return known;

        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            for (var race = 0; race < MaxRaces; race++)
            {
                if (_head is { } loaded)
                    return loaded;

                var note = await cache.ReadLatestAsync(cancellationToken).ConfigureAwait(false);
                ChecksumFailure? failure = null;
                if (note is not null && SignedHead.TryOpen(note, key, out var head, out failure))
                    return _head = head;
                if (_hopeless is { } judged && judged.Note == note)
                    return judged.Failure;

                // Damaged or gone. Starting afresh would forget what forks are measured against; what was proven is left.
                if (LargestOfLookupsOrNull(cancellationToken) is { } left)
                {
                    if (await cache.ReplaceLatestAsync(note, left.Note, cancellationToken).ConfigureAwait(false))
                    {
                        _head = left;
                        healed?.Invoke(new HealedHead(note, left));
                    }
                }
                else if (note is null)
                {
                    _head = new SignedHead(TreeHead.Empty, "");
                }
                else
                {
                    _hopeless = (note, new ChecksumFailure(ChecksumFailureKind.BadStoredHead,
                        $"the tree head kept for {key.Name} is damaged ({failure!.Message}), and no lookup is left that could stand in for it"));
                }
            }

            return Moved();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Places a signed tree on the timeline and moves the head on if it is newer. The tiles given back also prove
    /// <paramref name="record"/>, which must be one of the presented tree.
    /// </summary>
    public async Task<ChecksumResult<ProvenTiles>> PlaceAsync(SignedHead presented, long? record, CancellationToken cancellationToken)
    {
        for (var race = 0; race < MaxRaces; race++)
        {
            if (!(await HeadAsync(cancellationToken).ConfigureAwait(false)).TryGet(out var known, out var failure))
                return failure;

            // Two roots for one size need no tiles to be a fork.
            if (presented.Tree.Size == known.Tree.Size && presented.Tree.Root != known.Tree.Root)
                return Fork(known, presented);

            var isNewer = presented.Tree.Size > known.Tree.Size;
            var (older, newer) = isNewer ? (known.Tree, presented.Tree) : (presented.Tree, known.Tree);
            var plan = new TilePlan(newer.Size).WithPrefix(older.Size);
            if (record is { } index)
                plan.WithRecord(index);
            if (!(await tiles.ReadAsync(plan, newer.Root, cancellationToken).ConfigureAwait(false)).TryGet(out var proven, out failure))
                return failure;

            if (proven.RootOf(older.Size) != older.Root)
                return Fork(known, presented);
            if (!isNewer || await TryAdvanceAsync(known, presented, cancellationToken).ConfigureAwait(false))
                return proven;
        }

        return Moved();
    }

    public void Dispose() => _gate.Dispose();

    private async Task<bool> TryAdvanceAsync(SignedHead known, SignedHead presented, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!ReferenceEquals(_head, known))
                return false;

            var kept = await cache.ReplaceLatestAsync(
                known.Note.Length == 0 ? null : known.Note, presented.Note, cancellationToken).ConfigureAwait(false);

            // Kept by somebody else in the meantime: read it again and compare with that.
            _head = kept ? presented : null;
            return kept;
        }
        finally
        {
            _gate.Release();
        }
    }

    private SignedHead? LargestOfLookupsOrNull(CancellationToken cancellationToken)
    {
        SignedHead? largest = null;
        foreach (var bytes in cache.ReadLookups())
        {
            cancellationToken.ThrowIfCancellationRequested();

            // Neighbours have the same tree, mostly, and a signature takes its time.
            if (LookupResponse.TryParse(bytes, out var lookup, out _) && lookup.SignedTree != largest?.Note
                && SignedHead.TryOpen(lookup.SignedTree, key, out var head, out _) && head.Tree.Size > (largest?.Tree.Size ?? 0))
            {
                largest = head;
            }
        }

        return largest;
    }

    private ChecksumFailure Moved() =>
        new(ChecksumFailureKind.Unavailable, $"the tree head of {key.Name} moved {MaxRaces} times during one check");

    private ChecksumFailure Fork(SignedHead known, SignedHead presented) => new(
        ChecksumFailureKind.Fork,
        $"{key.Name} signed two trees, of {known.Tree.Size} and {presented.Tree.Size} records, that contradict each other",
        new ForkEvidence(known.Note, presented.Note));
}
