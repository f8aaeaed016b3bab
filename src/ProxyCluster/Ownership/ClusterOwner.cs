using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Joining;
using ProxyCluster.Outcomes;
using ProxyCluster.Peers;
using ProxyCluster.Storage;

namespace ProxyCluster.Ownership;

/// <summary>
/// Has an artifact stored in this silo, wherever in the cluster it comes from.
/// <para>
/// The engine's view says who owns the module version; that owner fetches it once for everybody, and the others copy the
/// verified artifact from it (peer fill). Ownership is a hint and verification the guarantee, so no lock or lease is
/// needed: if views differ, or the owner dies, answers late or cannot be reached, the next candidate and in the end this
/// silo itself take over within the same request, and the worst that happens is one more fetch.
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
    private readonly PeerStanding _standing;
    private readonly PeerOptions _options;
    private readonly TimeProvider _clock;
    private readonly JoinedTasks<(ModuleVersion, ArtifactKind, AskLevel), Outcome<ModuleRecord>> _asking;

    public ClusterOwner(
        ClusterSelf self,
        ModuleOwner owner,
        PeerFill fill,
        PeerStanding standing,
        IOptions<PeerOptions> options,
        IHostApplicationLifetime lifetime,
        TimeProvider clock)
    {
        _self = self;
        _owner = owner;
        _fill = fill;
        _standing = standing;
        _options = options.Value;
        _clock = clock;
        _asking = new(lifetime.ApplicationStopped);
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
        var steps = _standing.Prefer(
            AskPath.For(module.ToString(), _self.Member, level, _self.View, _options.MaxCandidates));
        return steps.Length == 1
            ? _owner.EnsureAsync(module, kind, cancel)
            : _asking.RunAsync(
                (module, kind, level),
                (_, stop) => HedgedAsk.RunAsync(
                    steps, (step, alive, end) => AskAsync(module, kind, step, alive, end), _options.HedgeDelay, _clock, stop),
                cancel);
    }

    private Task<Outcome<ModuleRecord>> AskAsync(
        ModuleVersion module, ArtifactKind kind, AskStep step, Action alive, CancellationToken cancel)
    {
        if (step.Peer is { } peer)
            return _fill.FillAsync(peer, module, kind, step.Level, alive, cancel);

        // Our own work shows its life by itself: nobody is left to hedge with.
        alive();
        return _owner.EnsureAsync(module, kind, cancel);
    }
}
