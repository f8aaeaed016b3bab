using Orleans;
using Orleans.Runtime;
using Orleans.Runtime.Placement.Filtering;
using ProxyCluster.Clustering;
using ProxyCluster.Copies;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Placement;
using ProxyCluster.Silos;
using ProxyCluster.Storage;
using ProxyCluster.Walk;

namespace ProxyCluster.Grains;

/// <summary>
/// The owner of one module version: fetches it once for everybody, and says where it is.
/// <para>
/// <b>Where.</b> In the region of whoever asks first, on the silo that wins the key there; in another region when that one
/// has no silo left; never in a region that is out of service, from which it moves away with the next call.
/// </para>
/// <para>
/// <b>What it promises.</b> Concurrent askers share one fetch, which runs on when they leave. Its record is in the store of
/// its silo before it says so; bytes go by peer fill, never in its messages. It remembers durably who holds the bytes, so
/// that its next activation, wherever, copies them instead of asking upstream again.
/// </para>
/// <para>
/// <b>What it does not promise.</b> To be the only one. Two activations may exist for a moment after a silo died or views
/// differed, and its memory may be lost with its storage. Both cost one more fetch, checked against the same proof and
/// committed by the same rules (design rules 1 to 3).
/// </para>
/// </summary>
[RendezvousPlacement]
[UsableSilosFilter(order: 0)]
[PreferredMatchSiloMetadataPlacementFilter(["region"], minCandidates: 1, order: 1)]
internal sealed class ModuleVersionGrain : Grain, IModuleVersionGrain
{
    private static readonly TimeSpan StorageLimit = TimeSpan.FromSeconds(1);

    private readonly Rooms _rooms;
    private readonly OrleansEngine _engine;
    private readonly StoredState<HolderState> _holder;
    private readonly LongWork<ArtifactKind, ModuleRecord> _work;
    private readonly ModuleVersion _module;

    public ModuleVersionGrain(IGrainContext context, IServiceProvider services, Rooms rooms, OrleansEngine engine)
    {
        _rooms = rooms;
        _engine = engine;
        _work = new(rooms.Time);
        _holder = new(services, context.GrainId, "holder", StorageLimit);
        var key = context.GrainId.Key.ToString()!;
        var at = key.LastIndexOf('@');
        if (at < 0
            || !ModulePath.TryParse(key[..at], out var path, out _)
            || !ModuleVersion.TryCreate(path, key[(at + 1)..], out _module, out _))
            throw new ArgumentException($"{key} is no module version");
    }

    /// <inheritdoc/>
    public async Task<OwnerWord> HaveAsync(int kind, TimeSpan patience)
    {
        // Out of service is no place to stay. Given up, the place would be taken again by the next caller that remembers it.
        var self = _engine.Self!;
        if (!_engine.View.Routing.IsUsable(self.Region))
            MigrateOnIdle();

        var had = await _work.WaitAsync((ArtifactKind)kind, () => FetchAsync((ArtifactKind)kind), patience);
        return OwnerWord.Of(had, self.Id, RecordFile.Write);
    }

    private async Task<Outcome<ModuleRecord>> FetchAsync(ArtifactKind kind)
    {
        var self = _engine.Self!;

        // 1. An earlier activation may have left the bytes with another silo.
        try
        {
            if (_rooms.Get<DiskStore>().FindRecordOrNull(_module)?.ArtifactOrNull(kind) is null)
                await CopyAsync(kind, self);
        }
        catch (StoreException e)
        {
            return new Failure(FailureKind.StoreUnavailable, $"{_module}: the store cannot be read now: {e.Message}");
        }

        // 2. Here, or from upstream.
        var ask = Ask.ForArtifact(_module, kind, AskLevel.Home, Door.Member, self.Id);
        if (!(await _rooms.Get<ArtifactOwner>().HaveAsync(ask, CancellationToken.None)).TryGet(out var had, out var failure))
            return failure;

        // 3. For the next activation. Nobody waits for it, and nothing is lost with it but one fetch.
        _ = RememberAsync(self.Address.Authority);
        return had.Record;
    }

    private async Task RememberAsync(string authority)
    {
        if (_holder.Value.Authority != authority
            && await _holder.TryWriteAsync(new HolderState { Authority = authority }) == WriteResult.Conflict)
            await _holder.TryReadAsync();
    }

    private async Task CopyAsync(ArtifactKind kind, Member self)
    {
        if (!await _holder.TryReadAsync()
            || _holder.Value.Authority is not { Length: > 0 } authority
            || authority == self.Address.Authority
            || _engine.View.Members.FirstOrDefault(member => member.Address.Authority == authority) is not { } holder)
            return;

        // A failure is no answer: we ask upstream then.
        await _rooms.Get<PeerFill>().FillAsync(holder, _module, kind, AskLevel.Home, static () => { }, CancellationToken.None);
    }
}

/// <summary>Who holds a module version's bytes.</summary>
[GenerateSerializer]
internal sealed class HolderState
{
    /// <summary>Host and port at which members reach it; it outlives a restart, as the disk behind it does.</summary>
    [Id(0)]
    public string Authority { get; set; } = "";
}
