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
/// The engine's view says who owns the module version; that owner fetches it once for everybody, and the others copy the
/// verified artifact from it (peer fill). Ownership is a hint and verification the guarantee, so no lock or lease is
/// needed: if views differ, or the owner dies, answers late or cannot be reached, the next candidate and in the end this
/// silo itself take over within the same request, and the worst that happens is one more fetch.
/// </para>
/// <para>
/// When all of that ends in an outage, the others are asked for what they happen to have (<see cref="LastCopy"/>).
/// </para>
/// <para>
/// An engine may keep an owner of its own for every key (<see cref="IOwnerCalls"/>). It is then asked first, and the path
/// that the view gives is what is left when it cannot be: the same survivors come to the same next candidate.
/// </para>
/// <para>
/// Whoever asks for the same artifact as the same level shares one task, the only kind of shared work that a miss has. The
/// levels must not share one: a silo can be asked as the home owner of what it is waiting for as a client's silo, when two
/// members' views differ.
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
    private readonly JoinedTasks<(ModuleVersion, ArtifactKind, AskLevel), Outcome<StoredHere>> _work = new(
        lifetime.ApplicationStopped,
        key => metrics.JoinedFetches.Add(1, new KeyValuePair<string, object?>("artifact", DiskStore.LabelOf(key.Item2))));

    /// <summary>Has the artifact stored here, as far as the ask's level goes. <paramref name="cancel"/> ends the wait, not the work.</summary>
    public Task<Outcome<StoredHere>> HaveAsync(Ask ask, CancellationToken cancel)
    {
        if (ask.Level is AskLevel.Home or AskLevel.Stored)
            return ShareAsync(ask, [], isSharedStoreAsked: false, cancel);

        // Nobody else could be asked, now or as a last resort: this silo's own work is all there is.
        var steps = StepsFor(ask);
        var isAlone = steps.Length == 1 && (ask.Level != AskLevel.Client || self.View.Members.Length < 2);
        return ShareAsync(isAlone ? ask with { Level = AskLevel.Home } : ask, steps, isSharedStoreAsked: false, cancel);
    }

    /// <summary>Ends the work, and waits for its end: some of it writes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work.EndedAsync();
        _stop.Dispose();
    }

    private Task<Outcome<StoredHere>> ShareAsync(
        Ask ask, ImmutableArray<AskStep> steps, bool isSharedStoreAsked, CancellationToken cancel) =>
        _work.RunAsync((ask.Module, ask.Kind, ask.Level), (_, stop) => GuardedAsync(ask, steps, isSharedStoreAsked, stop), cancel);

    private async Task<Outcome<StoredHere>> GuardedAsync(
        Ask ask, ImmutableArray<AskStep> steps, bool isSharedStoreAsked, CancellationToken stop)
    {
        // Under the process's life, and this owner's.
        using var both = CancellationTokenSource.CreateLinkedTokenSource(stop, _stop.Token);
        try
        {
            return await HaveAsync(ask, steps, isSharedStoreAsked, both.Token);
        }
        catch (StoreException e)
        {
            return new Failure(FailureKind.StoreUnavailable, $"{ask.Module}: the store cannot be read now: {e.Message}");
        }
    }

    private async Task<Outcome<StoredHere>> HaveAsync(
        Ask ask, ImmutableArray<AskStep> steps, bool isSharedStoreAsked, CancellationToken stop)
    {
        // 1. Somebody may have stored it between the asker's look and this task.
        var known = store.FindRecordOrNull(ask.Module);
        if (known is not null && gate.Judge(ask, known).MayServe && store.HasBytes(known, ask.Kind))
            return new StoredHere(known, true);

        // 2. From the region's shared store, without any other silo.
        if (!isSharedStoreAsked && await shared.FillOrNullAsync(ask.Module, ask.Kind, stop) is { } copied)
            return new StoredHere(copied, true);

        // 3. As far as we are asked to go.
        return ask.Level switch
        {
            AskLevel.Stored => new Failure(FailureKind.NotCached, $"{ask.Module} is not in the cache"),
            AskLevel.Home => Fetched(await fetches.FetchAsync(ask.Module, ask.Kind, known, stop)),
            _ => await AskOthersAsync(ask, steps, stop),
        };
    }

    private ImmutableArray<AskStep> StepsFor(Ask ask)
    {
        var (key, view) = (ask.Module.ToString(), self.View);
        var steps = pulse.Prefer(
            AskPath.ForArtifact(key, self.Member, ask.Level, view, options.Value.MaxCandidates, departed.WouldOwn(key, view)));
        return calls is null ? steps : steps.Insert(0, AskStep.Engine);
    }

    private async Task<Outcome<StoredHere>> AskOthersAsync(Ask ask, ImmutableArray<AskStep> steps, CancellationToken stop)
    {
        var outcome = await hedged.RunAsync(
            steps,
            (step, alive, end) => AskAsync(ask, step, alive, end),
            stop);
        return ask.Level == AskLevel.Client
            && outcome.Failure is { } failure
            && LastCopy.MayBeElsewhere(failure.Kind)
            && await lastCopy.TakeOrNullAsync(ask.Module, ask.Kind, stop) is { } record
            ? new StoredHere(record, false)
            : outcome;
    }

    private async Task<Outcome<StoredHere>> AskAsync(Ask ask, AskStep step, Action alive, CancellationToken cancel)
    {
        if (step.IsEngine)
            return Fetched(await AskEngineAsync(ask, alive, cancel));
        if (step.Peer is { } peer)
        {
            var filled = await fill.FillAsync(peer, ask.Module, ask.Kind, step.Level, alive, cancel);
            // That one silo has not stored it says nothing about the module version: on to the next step.
            return step.Level == AskLevel.Stored && filled.Failure is { Kind: FailureKind.NotCached }
                ? PeerCalls.Unavailable(peer, "it has not stored it")
                : Fetched(filled);
        }

        // Our own work shows its life by itself: nobody is left to hedge with.
        alive();
        return await ShareAsync(ask with { Level = AskLevel.Home }, [], isSharedStoreAsked: true, cancel);
    }

    private async Task<Outcome<ModuleRecord>> AskEngineAsync(Ask ask, Action alive, CancellationToken cancel)
    {
        var (module, kind) = (ask.Module, ask.Kind);
        var had = await calls!.HaveAsync(module, kind, alive, cancel);
        if (!had.TryGet(out var owned, out var failure))
            return failure;
        if (owned.Member == self.Member.Id)
            return owned.Record;
        if (self.View.FindOrNull(owned.Member) is not { } owner)
            return new Failure(FailureKind.PeerUnavailable, $"{module}: {owned.Member} is not in this silo's view of the cluster");

        // Across the ocean once per region: the region's own silo for the key copies it, the others copy from there.
        if (ask.Level == AskLevel.Client
            && owner.Region != self.Region
            && RegionalOwner.For(module.ToString(), self.Region, self.View) is [var regional, ..]
            && regional.Id != self.Member.Id
            && pulse.IsGood(regional.Id))
        {
            var filled = await fill.FillAsync(regional, module, kind, AskLevel.Region, alive, cancel);
            if (filled.Failure is null)
                return filled;
        }

        return await fill.FillAsync(owner, module, kind, AskLevel.Home, alive, cancel);
    }

    private static Outcome<StoredHere> Fetched(Outcome<ModuleRecord> outcome) =>
        outcome.TryGet(out var record, out var failure) ? new StoredHere(record, false) : failure;
}
