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
    /// Has the owner store the artifact, once for all who ask it now, and tells where it is. A failure of the way to the
    /// owner is a <see cref="FailureKind.PeerUnavailable"/>, so that the asker goes on without it.
    /// </summary>
    /// <param name="module">The module version.</param>
    /// <param name="kind">Which artifact of it.</param>
    /// <param name="alive">Called at every sign that the owner is working.</param>
    /// <param name="cancel">Ends the wait, not the work.</param>
    Task<Outcome<OwnedAt>> HaveAsync(ModuleVersion module, ArtifactKind kind, Action alive, CancellationToken cancel);

    /// <summary>The same, by the copy of this silo's region: across the ocean once for all of the region.</summary>
    Task<Outcome<OwnedAt>> HaveInRegionAsync(ModuleVersion module, ArtifactKind kind, Action alive, CancellationToken cancel);
}

/// <summary>Where an artifact is stored.</summary>
/// <param name="Record">The record that names it.</param>
/// <param name="Member">Id of the member that holds the bytes.</param>
internal sealed record OwnedAt(ModuleRecord Record, string Member);
