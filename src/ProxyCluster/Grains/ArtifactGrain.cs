using Orleans;
using Orleans.Runtime;
using ProxyCluster.Clustering;
using ProxyCluster.Copies;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Silos;
using ProxyCluster.Storage;
using ProxyCluster.Walk;

namespace ProxyCluster.Grains;

/// <summary>
/// What the owner of a module version and its copy in a region have in common: one walk of this silo's for all who ask at
/// once, a note of who holds the bytes, and a place that they leave for a better one.
/// </summary>
internal abstract class ArtifactGrain : Grain, IGrainMigrationParticipant
{
    private readonly Rooms _rooms;
    private readonly OrleansEngine _engine;
    private readonly AskLevel _level;
    private readonly HolderNotes _holders;
    private readonly LongWork<ArtifactKind, ModuleRecord> _work;
    private readonly ModuleVersion _module;

    /// <param name="key">The module version.</param>
    /// <param name="level">As what this silo is asked by the grain.</param>
    /// <param name="notes">Its notes of who holds the bytes in the cluster store; null where there are none.</param>
    /// <param name="rooms">The web host's services.</param>
    /// <param name="engine">The engine.</param>
    protected ArtifactGrain(string key, AskLevel level, StoredState<HolderState>? notes, Rooms rooms, OrleansEngine engine)
    {
        (_rooms, _engine, _level) = (rooms, engine, level);
        _holders = new HolderNotes(notes, level == AskLevel.Home ? SearchAsync : null);
        _work = new(rooms.HedgeDelay, rooms.Time);
        var at = key.LastIndexOf('@');
        if (at < 0 || !ModuleVersion.TryParse(key[..at], key[(at + 1)..], out _module, out _))
            throw new ArgumentException($"{key} is no module version");
    }

    /// <inheritdoc/>
    public void OnDehydrate(IDehydrationContext dehydrationContext) => _holders.Pack(dehydrationContext);

    /// <inheritdoc/>
    public void OnRehydrate(IRehydrationContext rehydrationContext) => _holders.Unpack(rehydrationContext);

    /// <summary>Has the artifact stored in this silo; <paramref name="asker"/> is the authority of who will copy it from here.</summary>
    protected async Task<OwnerWord> HaveAsync(ArtifactKind kind, TimeSpan patience, string asker)
    {
        var self = _engine.Self!;
        var had = await _work.WaitAsync(kind, () => WalkAsync(kind, self), patience, AskedFor.ReadOrNull());

        // Alone there is nobody whom the note would help.
        if (had is { Failure: null } && _engine.View.Members.Length > 1)
        {
            _holders.Note(self.Address.Authority, kind);
            if (asker.Length > 0)
                _holders.Note(asker, kind);
        }

        // A silo that stops gives its grains up anyway, and finds no place for them where it is the last.
        if (_engine.GrainsOrNull is not null && _rooms.Get<GrainMoves>().IsDue(_module.ToString(), self, _engine.View, _work.Count > 0))
            MigrateOnIdle();
        return OwnerWord.Of(had, self.Id, RecordFile.Write);
    }

    private async Task<Outcome<ModuleRecord>> WalkAsync(ArtifactKind kind, Member self)
    {
        var ask = Ask.ForArtifact(_module, kind, _level, Door.Member, self.Id);
        var had = await _rooms.Get<ArtifactOwner>().HaveAsync(ask, () => HoldersAsync(kind, self), CancellationToken.None);
        return had.TryGet(out var stored, out var failure) ? stored.Record : failure;
    }

    // A region's copy asks the owner, which knows.
    private async Task<(HolderState Found, bool IsWhole)> SearchAsync()
    {
        var (found, isWhole) = await _rooms.Get<HolderSearch>().FindAsync(_module, CancellationToken.None);
        return (found.Aggregate(new HolderState(), static (known, one) => known.With(one.Holder.Address.Authority, one.Kind)), isWhole);
    }

    /// <summary>Those that are here, near ones first.</summary>
    private async Task<IEnumerable<Member>> HoldersAsync(ArtifactKind kind, Member self)
    {
        var members = _engine.View.Members.Where(static member => member.IsSilo).ToLookup(static member => member.Address.Authority, StringComparer.Ordinal);
        return HolderRules.NearFirst(
            (await _holders.ReadAsync()).Of(kind)
                .Where(authority => authority != self.Address.Authority)
                .SelectMany(authority => members[authority]),
            static member => member.Region,
            self.Region);
    }
}
