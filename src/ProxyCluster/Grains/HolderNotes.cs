using System.Text.Json;
using Orleans.Runtime;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Silos;

namespace ProxyCluster.Grains;

/// <summary>
/// What a grain knows of who holds its bytes: in its memory, with it when it moves, and in the cluster store where there is
/// one for it. Where there is none, an owner that begins knows nothing, and asks the cluster until everybody has answered once. Nobody waits for a write, and
/// nothing is lost with it but one fetch. Called from everywhere.
/// </summary>
/// <param name="stored">The notes in the cluster store; null where it is not for that.</param>
/// <param name="search">Asks the cluster; null where that would say nothing new.</param>
internal sealed class HolderNotes(StoredState<HolderState>? stored, Func<Task<(HolderState Found, bool IsWhole)>>? search = null)
{
    private const string Key = "holders";
    private const string SearchedKey = "searched";
    private const int Attempts = 3;

    // Guards all below; the state itself never changes.
    private readonly Lock _lock = new();
    private HolderState _known = new();
    private bool _isWriting;
    private bool _isSearched;
    private Task _last = Task.CompletedTask;

    /// <summary>What is known, by the store too where it answers, or by the others.</summary>
    public Task<HolderState> ReadAsync() =>
        stored is not null ? InTurnAsync(() => ReadAsync(stored))
        : search is null || Volatile.Read(ref _isSearched) ? Task.FromResult(Volatile.Read(ref _known))
        : InTurnAsync(() => SearchAsync(search));

    /// <summary>Notes that a member has the artifact, or will in a moment.</summary>
    public void Note(string authority, ArtifactKind kind)
    {
        lock (_lock)
        {
            var next = _known.With(authority, kind);
            if (ReferenceEquals(next, _known))
                return;
            _known = next;
            if (stored is null || _isWriting)
                return;
            _isWriting = true;
        }

        _ = InTurnAsync(() => WriteAsync(stored));
    }

    /// <summary>Goes along with a grain that moves.</summary>
    public void Pack(IDehydrationContext move)
    {
        move.AddBytes(Key, JsonSerializer.SerializeToUtf8Bytes(_known, GrainStates.Default.HolderState));
        if (Volatile.Read(ref _isSearched))
            move.AddBytes(SearchedKey, []);
    }

    /// <summary>Comes in with a grain that has moved.</summary>
    public void Unpack(IRehydrationContext move)
    {
        if (!move.TryGetBytes(Key, out var bytes))
            return;
        if (move.TryGetBytes(SearchedKey, out _))
            Volatile.Write(ref _isSearched, true);
        var reader = new Utf8JsonReader(bytes);
        Merge(JsonSerializer.Deserialize(ref reader, GrainStates.Default.HolderState)!);
    }

    // The storage is read or written by one at a time.
    private Task<HolderState> InTurnAsync(Func<Task<HolderState>> step)
    {
        lock (_lock)
        {
            var turn = RunAsync(_last);
            _last = turn;
            return turn;
        }

        async Task<HolderState> RunAsync(Task before)
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.SuppressThrowing);
            return await step();
        }
    }

    private async Task<HolderState> WriteAsync(StoredState<HolderState> storage)
    {
        var known = Volatile.Read(ref _known);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            // 1. Somebody else may have written: their notes and ours.
            if (await storage.TryWriteAsync(known) == WriteResult.Conflict)
                await ReadAsync(storage);

            // 2. Until nothing was noted meanwhile.
            lock (_lock)
            {
                if (ReferenceEquals(known, _known) || attempt == Attempts - 1)
                {
                    _isWriting = false;
                    break;
                }

                known = _known;
            }
        }

        return known;
    }

    private async Task<HolderState> ReadAsync(StoredState<HolderState> storage) =>
        await storage.ReadAsync() == ReadResult.Read ? Merge(storage.Value) : Volatile.Read(ref _known);

    private async Task<HolderState> SearchAsync(Func<Task<(HolderState Found, bool IsWhole)>> search)
    {
        if (Volatile.Read(ref _isSearched))
            return Volatile.Read(ref _known);
        var (found, isWhole) = await search();
        var known = Merge(found);
        Volatile.Write(ref _isSearched, isWhole);
        return known;
    }

    private HolderState Merge(HolderState older)
    {
        lock (_lock)
            return _known = _known.With(older);
    }
}
