using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Copies;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Joining;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Walk;

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
/// Concurrent askers share one task per level. The levels must not share one: a silo can be asked as the home owner of
/// what it is waiting for as a client's silo, when two members' views differ.
/// </para>
/// </summary>
internal sealed class ClusterOwner
{
    private readonly ClusterSelf _self;
    private readonly ModuleOwner _owner;
    private readonly PeerFill _fill;
    private readonly LastCopy _lastCopy;
    private readonly DepartedSilos _departed;
    private readonly Pulse _pulse;
    private readonly HedgedAsk _hedged;
    private readonly PeerOptions _options;
    private readonly IOwnerCalls? _calls;
    private readonly JoinedTasks<(ModuleVersion, ArtifactKind, AskLevel), Outcome<ModuleRecord>> _asking;

    public ClusterOwner(
        ClusterSelf self,
        ModuleOwner owner,
        PeerFill fill,
        LastCopy lastCopy,
        DepartedSilos departed,
        Pulse pulse,
        HedgedAsk hedged,
        IOptions<PeerOptions> options,
        IHostApplicationLifetime lifetime,
        ProxyMetrics metrics,
        IOwnerCalls? calls = null)
    {
        _self = self;
        _owner = owner;
        _fill = fill;
        _lastCopy = lastCopy;
        _departed = departed;
        _pulse = pulse;
        _hedged = hedged;
        _options = options.Value;
        _calls = calls;
        _asking = new(
            lifetime.ApplicationStopped,
            key => metrics.JoinedFetches.Add(1, new KeyValuePair<string, object?>("artifact", DiskStore.LabelOf(key.Item2))));
    }

    /// <summary>Does today's policy allow what the record names to be served?</summary>
    public bool Accepts(ModuleRecord record, ArtifactKind kind) => _owner.Accepts(record, kind);

    /// <summary>
    /// Has <paramref name="kind"/> of <paramref name="module"/> stored here and gives the record that names it, asking
    /// as <paramref name="level"/>. <paramref name="cancel"/> ends the wait, not the work.
    /// </summary>
    public Task<Outcome<ModuleRecord>> EnsureAsync(
        ModuleVersion module, ArtifactKind kind, AskLevel level, CancellationToken cancel)
    {
        var (key, view) = (module.ToString(), _self.View);
        var steps = _pulse.Prefer(
            AskPath.ForArtifact(key, _self.Member, level, view, _options.MaxCandidates, _departed.WouldOwn(key, view)));
        if (_calls is not null && level != AskLevel.Home)
            steps = steps.Insert(0, AskStep.Engine);
        return steps.Length == 1 && (level != AskLevel.Client || _self.View.Members.Length < 2)
            ? _owner.EnsureAsync(module, kind, cancel)
            : _asking.RunAsync((module, kind, level), (_, stop) => AskAsync(module, kind, level, steps, stop), cancel);
    }

    private async Task<Outcome<ModuleRecord>> AskAsync(
        ModuleVersion module, ArtifactKind kind, AskLevel level, ImmutableArray<AskStep> steps, CancellationToken cancel)
    {
        var outcome = await _hedged.RunAsync(
            steps,
            (step, alive, end) => AskAsync(module, kind, level, step, alive, end),
            cancel);
        return level == AskLevel.Client
            && outcome.Failure is { } failure
            && LastCopy.MayBeElsewhere(failure.Kind)
            && await _lastCopy.TakeOrNullAsync(module, kind, cancel) is { } record
            ? record
            : outcome;
    }

    private async Task<Outcome<ModuleRecord>> AskAsync(
        ModuleVersion module, ArtifactKind kind, AskLevel level, AskStep step, Action alive, CancellationToken cancel)
    {
        if (step.IsEngine)
            return await AskEngineAsync(module, kind, level, alive, cancel);
        if (step.Peer is { } peer)
        {
            var filled = await _fill.FillAsync(peer, module, kind, step.Level, alive, cancel);

            // That one silo has not stored it says nothing about the module version: on to the next step.
            return step.Level == AskLevel.Stored && filled.Failure is { Kind: FailureKind.NotCached }
                ? PeerCalls.Unavailable(peer, "it has not stored it")
                : filled;
        }

        // Our own work shows its life by itself: nobody is left to hedge with.
        alive();
        return await _owner.EnsureAsync(module, kind, cancel);
    }

    private async Task<Outcome<ModuleRecord>> AskEngineAsync(
        ModuleVersion module, ArtifactKind kind, AskLevel level, Action alive, CancellationToken cancel)
    {
        var had = await _calls!.HaveAsync(module, kind, alive, cancel);
        if (!had.TryGet(out var owned, out var failure))
            return failure;
        if (owned.Member == _self.Member.Id)
            return owned.Record;
        if (_self.View.FindOrNull(owned.Member) is not { } owner)
            return new Failure(FailureKind.PeerUnavailable, $"{module}: {owned.Member} is not in this silo's view of the cluster");

        // Across the ocean once per region: the region's own silo for the key copies it, the others copy from there.
        if (level == AskLevel.Client
            && owner.Region != _self.Region
            && RegionalOwner.For(module.ToString(), _self.Region, _self.View) is [var regional, ..]
            && regional.Id != _self.Member.Id
            && _pulse.IsGood(regional.Id))
        {
            var filled = await _fill.FillAsync(regional, module, kind, AskLevel.Region, alive, cancel);
            if (filled.Failure is null)
                return filled;
        }

        return await _fill.FillAsync(owner, module, kind, AskLevel.Home, alive, cancel);
    }
}
