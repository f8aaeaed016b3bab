using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;

namespace ProxyCluster.Walk;

/// <summary>
/// What an engine offers that keeps an owner of its own for every module version, wherever it has put it, and a copy for
/// every region. One that computes owners from the view (<c>local</c>) offers nothing; Orleans calls grains.
/// </summary>
internal interface IOwnerCalls
{
    /// <summary>
    /// True for a while after an owner was silent at a time when the engine cannot find out who is gone: to call them now
    /// would be to wait for the same silence again.
    /// </summary>
    bool IsSilent { get; }

    /// <summary>
    /// Has the owner store the artifact in its silo, once for all who ask it now; the record names it. A failure of the way to the
    /// owner is a <see cref="FailureKind.PeerUnavailable"/>, so that the asker goes on without it.
    /// </summary>
    /// <param name="module">The module version.</param>
    /// <param name="kind">Which artifact of it.</param>
    /// <param name="alive">Called at every sign that the owner is working.</param>
    /// <param name="cancel">Ends the wait, not the work.</param>
    Task<OwnerSaid<ModuleRecord>> HaveAsync(ModuleVersion module, ArtifactKind kind, Action alive, CancellationToken cancel);

    /// <summary>The same, by the copy of this silo's region: across the ocean once for all of the region.</summary>
    Task<OwnerSaid<ModuleRecord>> HaveInRegionAsync(ModuleVersion module, ArtifactKind kind, Action alive, CancellationToken cancel);
}

/// <summary>What an owner says, and where it lives.</summary>
/// <param name="Outcome">What came of its work, or of the way to it.</param>
/// <param name="Member">Id of the member in whose silo it lives; null where it could not be asked.</param>
internal readonly record struct OwnerSaid<T>(Outcome<T> Outcome, string? Member)
    where T : notnull;
