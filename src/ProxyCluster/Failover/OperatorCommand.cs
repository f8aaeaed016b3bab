using ProxyCluster.Routing;

namespace ProxyCluster.Failover;

/// <summary>What an operator can tell the cluster to do with a region.</summary>
internal enum OperatorVerb
{
    /// <summary>Take it out of service in an orderly way.</summary>
    Drain,

    /// <summary>End a drain; it recovers gradually.</summary>
    Undrain,

    /// <summary>Treat it as dead.</summary>
    Fail,

    /// <summary>End that, or cut a failed region's hold short; it recovers gradually.</summary>
    Recover,

    /// <summary>Take a region that is gone for good off the table. One that comes back after all appears anew.</summary>
    Forget,
}

/// <summary>An operator's order, as it travels from the member that took it to the authority.</summary>
/// <param name="Verb">What to do.</param>
/// <param name="Region">With which region.</param>
/// <param name="Reason">Why, in the operator's words.</param>
/// <param name="Who">The name on the operator's token.</param>
/// <param name="Force">Also if no region would be left in service.</param>
internal sealed record OperatorCommand(OperatorVerb Verb, string Region, string Reason, string Who, bool Force = false);

/// <summary>How an order ended.</summary>
internal enum OperatorResult
{
    /// <summary>The table was changed.</summary>
    Done,

    /// <summary>It was so already.</summary>
    Unchanged,

    /// <summary>No such region.</summary>
    UnknownRegion,

    /// <summary>It would take the last region out of service, or makes no sense as things stand.</summary>
    Refused,

    /// <summary>There is no authority, or it cannot publish now.</summary>
    Unavailable,
}

/// <summary>The answer to an order.</summary>
/// <param name="Result">How it ended.</param>
/// <param name="Message">One sentence.</param>
/// <param name="Epoch">Epoch of the routing table that stands.</param>
/// <param name="State">The region's state; null when there is no such region.</param>
internal sealed record OperatorAnswer(OperatorResult Result, string Message, long Epoch, RegionState? State);
