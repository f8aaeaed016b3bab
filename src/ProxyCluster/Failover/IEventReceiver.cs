using ProxyCluster.Routing;

namespace ProxyCluster.Failover;

/// <summary>Somebody outside who is told about events: a webhook or a command.</summary>
internal interface IEventReceiver
{
    /// <summary>For logs and metrics; without secrets.</summary>
    string Name { get; }

    /// <summary>Tells about one event, within a limit of its own; gives what went wrong, or null.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled.</exception>
    Task<string?> TellAsync(RoutingEvent change, CancellationToken cancel);
}
