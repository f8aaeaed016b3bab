using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Walk;

/// <summary>
/// What an engine offers that keeps an owner of its own for every module path's queries; the counterpart of
/// <see cref="Walk.IOwnerCalls"/>.
/// </summary>
internal interface IQueryCalls
{
    /// <inheritdoc cref="IOwnerCalls.IsSilent"/>
    bool IsSilent { get; }

    /// <summary>
    /// The owner's answer. A failure of the way to the owner is a <see cref="FailureKind.PeerUnavailable"/>.
    /// </summary>
    /// <param name="query">The question.</param>
    /// <param name="alive">Called at every sign that the owner is working.</param>
    /// <param name="cancel">Ends the wait, not the work.</param>
    Task<OwnerSaid<PeerAnswer>> AskAsync(Query query, Action alive, CancellationToken cancel);
}
