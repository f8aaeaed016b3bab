namespace ProxyCluster.Routing;

/// <summary>What an operator can want of a region for longer than a moment.</summary>
public enum IntentKind
{
    /// <summary>Out of service in an orderly way: <see cref="RegionState.Drained"/> until undrained.</summary>
    Drain,

    /// <summary>Out of service at once, as if it were dead: <see cref="RegionState.Failed"/> until told to recover.</summary>
    Fail,
}

/// <summary>
/// What an operator wants of a region. Part of the routing table, so that it outlives every authority.
/// </summary>
/// <param name="Kind">What.</param>
/// <param name="Reason">Why, in the operator's words.</param>
/// <param name="Who">The name on the operator's token.</param>
/// <param name="Time">When, UTC.</param>
/// <param name="IsDone">True once a drained region had no work in flight any more.</param>
public sealed record OperatorIntent(IntentKind Kind, string Reason, string Who, DateTimeOffset Time, bool IsDone = false);
