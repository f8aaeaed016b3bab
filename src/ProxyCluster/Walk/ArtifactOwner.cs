using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Copies;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Joining;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Walk;

/// <summary>An artifact that is stored in this silo.</summary>
/// <param name="Record">The record that names it.</param>
/// <param name="WasHere">Whether it only had to be found: on the disk, or in the region's shared store.</param>
internal sealed record StoredHere(ModuleRecord Record, bool WasHere);

/// <summary>
/// Has an artifact stored in this silo, wherever in the cluster it comes from.
/// <para>
/// With grains (<see cref="IOwnerCalls"/>) the owner of the module version fetches it once for everybody, and the copy of a
/// region brings it there once; the others copy the verified artifact from them (peer fill). Ownership is a hint and
/// verification the guarantee, so no lock or lease is needed, and where no grain answers there is one way on.
/// </para>
/// <para>
/// <b>What stands behind the grains, and why.</b> A grain whose silo died can be called again when the votes are in, 2 to
/// 3 s later, and a client waits for none of that: so the silos are asked in the order in which grains are placed
/// (<see cref="AskPath"/>: the survivors come to the same one), each when the one before is silent for the hedge delay
/// (<see cref="HedgedAsk"/>: a frozen one sends no refusal), and this silo fetches in the end (design rule 3). Where all of
/// that ends in an outage, the others are asked for what they happen to have (<see cref="LastCopy"/>). On the engine
/// without grains it is the whole way.
/// </para>
/// <para>
/// Whoever asks for the same artifact as the same level shares one task, the only kind of shared work that a miss has. The
/// levels must not share one: a silo can be asked as the owner, and as its region's copy, of what it is waiting for as a
/// client's silo. Nor may a grain share what it may be waiting for as the silo's own fetch.
/// </para>
/// </summary>
internal sealed class ArtifactOwner(
    ClusterSelf self,
    ModuleGate gate,
    DiskStore store,
    SharedFill shared,
    PeerFill fill,
    LastCopy lastCopy,
    OwnFetches fetches,
    DepartedSilos departed,
    Pulse pulse,
    HedgedAsk hedged,
    IOptions<PeerOptions> options,
    IHostApplicationLifetime lifetime,
    ProxyMetrics metrics,
    IOwnerCalls? calls = null) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly JoinedTasks<Miss, Outcome<StoredHere>> _work = new(
        lifetime.ApplicationStopped,
        miss => metrics.JoinedFetches.Add(1, new KeyValuePair<string, object?>("artifact", DiskStore.LabelOf(miss.Kind))));

    /// <summary>Has the artifact stored here, as far as the ask's level goes. <paramref name="cancel"/> ends the wait, not the work.</summary>
    public Task<Outcome<StoredHere>> HaveAsync(Ask ask, CancellationToken cancel)
    {
        // Nobody else could be asked, now or as a last resort: this silo's own work is all there is.
        var isAlone = ask.Level is AskLevel.Client or AskLevel.Region
            && StepsFor(ask, []).Length == 1
            && (ask.Level != AskLevel.Client || self.View.Members.Length < 2);
        return ShareAsync(isAlone ? ask with { Level = AskLevel.Home } : ask, null, Before.Nothing, cancel);
    }

    /// <summary>The same for a grain, which knows who may hold it; they are asked first.</summary>
    public Task<Outcome<StoredHere>> HaveAsync(Ask ask, Func<Task<IEnumerable<Member>>> holders, CancellationToken cancel) =>
        ShareAsync(ask, holders, Before.Nothing, cancel);

    /// <summary>Ends the work, and waits for its end: some of it writes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work.EndedAsync();
        _stop.Dispose();
    }

    private Task<Outcome<StoredHere>> ShareAsync(
        Ask ask, Func<Task<IEnumerable<Member>>>? holders, Before before, CancellationToken cancel) =>
        _work.RunAsync(new(ask.Module, ask.Kind, ask.Level, holders is not null), (_, stop) => GuardedAsync(ask, holders, before, stop), cancel);

    private async Task<Outcome<StoredHere>> GuardedAsync(
        Ask ask, Func<Task<IEnumerable<Member>>>? holders, Before before, CancellationToken stop)
    {
        // Under the process's life, and this owner's.
        using var both = CancellationTokenSource.CreateLinkedTokenSource(stop, _stop.Token);
        try
        {
            return await WalkAsync(ask, holders, before, both.Token);
        }
        catch (StoreException e)
        {
            return new Failure(FailureKind.StoreUnavailable, $"{ask.Module}: the store cannot be read now: {e.Message}");
        }
    }

    /// <summary>The walk of a miss.</summary>
    private async Task<Outcome<StoredHere>> WalkAsync(
        Ask ask, Func<Task<IEnumerable<Member>>>? holders, Before before, CancellationToken stop)
    {
        // 1. Somebody may have stored it between the asker's look and this task.
        var known = store.FindRecordOrNull(ask.Module);
        if (known is not null && gate.Judge(ask, known).IsProven && store.HasBytes(known, ask.Kind))
            return new StoredHere(known, true);

        // 2. From the region's shared store, without any other silo.
        if (!before.IsSharedStoreAsked && await shared.FillOrNullAsync(ask.Module, ask.Kind, stop) is { } copied)
            return new StoredHere(copied, true);

        // 3. No farther, or straight to upstream.
        if (ask.Level == AskLevel.Stored)
            return new Failure(FailureKind.NotCached, $"{ask.Module} is not in the cache");
        if (ask.Level == AskLevel.Home && holders is null)
            return Stored(await fetches.FetchAsync(ask.Module, ask.Kind, gate.RewriteOrNull(ask.Module.Path), known, mayWait: !before.IsUpstreamTried, stop));

        // 4. From known holders, the region's copy or the owner; where no grain answers, from those next in order, or by ourselves.
        var steps = StepsFor(ask, holders is null ? [] : await holders());
        var met = new Met();
        var outcome = await hedged.RunAsync(steps, (step, alive, end) => NoteAsync(met, TakeAsync(ask, step, met, alive, end)), stop);

        // 5. From whoever happens to have it.
        return ask.Level == AskLevel.Client
            && outcome.Failure is { } failure
            && LastCopy.MayBeElsewhere(failure.Kind)
            && await lastCopy.TakeOrNullAsync(ask.Module, ask.Kind, stop) is { } record
            ? new StoredHere(record, false)
            : outcome;
    }

    /// <summary>Whom to ask, best first; this silo itself is the last.</summary>
    private ImmutableArray<AskStep> StepsFor(Ask ask, IEnumerable<Member> holders)
    {
        var (key, view) = (ask.Module.ToString(), self.View);
        var hasFallen = departed.WouldOwn(key, view);

        // A grain fetches what nobody it knows has, unless the key has just fallen to it: its notes went with a silo, the bytes did not.
        var path = ask.Level == AskLevel.Home && !hasFallen
            ? [new AskStep(null, AskLevel.Home)]
            : AskPath.ForArtifact(key, self.Member, ask.Level, view, options.Value.MaxCandidates, hasFallen);
        return
        [
            .. pulse.Prefer([.. holders.Select(static holder => new AskStep(holder, AskLevel.Stored))]),
            .. calls is null or { IsSilent: true } ? ImmutableArray<AskStep>.Empty : AskPath.ToEngine(self.Member, ask.Level, view),
            .. pulse.Prefer(path),
        ];
    }

    private static async Task<Outcome<StoredHere>> NoteAsync(Met met, Task<Outcome<StoredHere>> taking)
    {
        var outcome = await taking;
        met.IsUpstreamAway |= outcome.Failure is { Kind: FailureKind.UpstreamUnavailable or FailureKind.UpstreamTimeout };
        return outcome;
    }

    // What a grain in this very silo has failed at, the silo does not do over again by itself; and where another has waited for
    // upstream in vain, it looks whether it fares better and does not wait: three silos that each wait are not waited for.
    private async Task<Outcome<StoredHere>> TakeAsync(
        Ask ask, AskStep step, Met met, Action alive, CancellationToken cancel)
    {
        var (peer, level) = (step.Peer, step.Level);
        if (step.IsEngine)
        {
            // 1. A grain has it stored in its silo, and says which that is.
            var (had, member) = await (level == AskLevel.Region
                ? calls!.HaveInRegionAsync(ask.Module, ask.Kind, alive, cancel)
                : calls!.HaveAsync(ask.Module, ask.Kind, alive, cancel));
            var isHere = member == self.Member.Id;
            if (isHere)
                met.FailedHere = had.Failure;
            if (isHere || had.Failure is not null)
                return Stored(had);
            peer = self.View.FindOrNull(member!);
            if (peer is null)
                return new Failure(FailureKind.PeerUnavailable, $"{ask.Module}: {member} is not in this silo's view of the cluster");
            level = level == AskLevel.Region ? AskLevel.Stored : level;
        }
        else if (peer is null)
        {
            // 2. Our own work shows its life by itself: nobody is left to hedge with.
            alive();
            return met.FailedHere is { } failed ? failed : await ShareAsync(ask with { Level = AskLevel.Home }, null, new(true, met.IsUpstreamAway), cancel);
        }

        // 3. That one silo has not stored it, or other bytes than are pinned here, says nothing about the module version: on to the next step.
        var filled = await fill.FillAsync(peer, ask.Module, ask.Kind, level, alive, cancel);
        return level == AskLevel.Stored && filled.Failure is { Kind: FailureKind.NotCached or FailureKind.ChecksumMismatch } of
            ? PeerCalls.Unavailable(peer, of.Kind == FailureKind.NotCached ? "it has not stored it" : of.Message)
            : Stored(filled);
    }

    private static Outcome<StoredHere> Stored(Outcome<ModuleRecord> outcome) =>
        outcome.TryGet(out var record, out var failure) ? new StoredHere(record, false) : failure;

    // What has been done for the same wait already.
    private readonly record struct Before(bool IsSharedStoreAsked, bool IsUpstreamTried)
    {
        public static Before Nothing => default;
    }

    // What the steps of one walk have met.
    private sealed class Met
    {
        public Failure? FailedHere { get; set; }

        public bool IsUpstreamAway { get; set; }
    }

    private readonly record struct Miss(ModuleVersion Module, ArtifactKind Kind, AskLevel Level, bool IsGrains);
}
