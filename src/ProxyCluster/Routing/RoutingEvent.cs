using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace ProxyCluster.Routing;

/// <summary>What an event is about.</summary>
public enum RoutingEventKind
{
    /// <summary>A region was seen for the first time.</summary>
    Appeared,

    /// <summary>A region's state changed.</summary>
    State,

    /// <summary>A recovering region got a larger share of its keys back.</summary>
    Share,

    /// <summary>A drained region has no work in flight any more.</summary>
    Drained,

    /// <summary>Something is worth a look and no reason to move traffic.</summary>
    Alert,

    /// <summary>It is over.</summary>
    AlertOver,

    /// <summary>A region that was out of service counts as caught up.</summary>
    CaughtUp,

    /// <summary>A region's order of failover changed.</summary>
    Order,

    /// <summary>An operator took a region that is gone for good off the table.</summary>
    Forgotten,
}

/// <summary>
/// One change of the routing table. Delivered at least once to everybody who is told; <paramref name="Id"/> tells
/// repetitions apart.
/// </summary>
/// <param name="Id">Grows by one with every event of the cluster; 1 is the first.</param>
/// <param name="Epoch">The epoch that the change began.</param>
/// <param name="Time">When, UTC, by the authority's clock.</param>
/// <param name="Kind">What it is about.</param>
/// <param name="Region">The region.</param>
/// <param name="From">Its state before.</param>
/// <param name="To">Its state after.</param>
/// <param name="Share">Percent of its keys that it owns from now on.</param>
/// <param name="Reason">Why, in words.</param>
/// <param name="Who">Id of the member that decided, or the operator's name.</param>
public sealed record RoutingEvent(
    long Id,
    long Epoch,
    DateTimeOffset Time,
    RoutingEventKind Kind,
    string Region,
    RegionState From,
    RegionState To,
    int Share,
    string Reason,
    string Who)
{
    /// <summary>The modules that suffer most, most first; null where that is not known or does not matter.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<string>? Modules { get; init; }
}
