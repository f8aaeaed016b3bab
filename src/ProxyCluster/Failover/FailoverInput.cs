using System.Collections.Immutable;
using ProxyCluster.Clustering;
using ProxyCluster.Routing;

namespace ProxyCluster.Failover;

/// <summary>A member's last report and when it arrived, by the authority's monotonic clock.</summary>
internal sealed record Heard(HealthReport Report, TimeSpan At);

/// <summary>Everything that a decision is made from.</summary>
/// <param name="Table">The routing table that stands, operators' intents included.</param>
/// <param name="Members">Live members by the engine's leases.</param>
/// <param name="Reports">Last report by member id.</param>
/// <param name="Now">Monotonic time; only differences count, so a step of the wall clock changes nothing.</param>
/// <param name="Wall">UTC, written into the table for people and never compared.</param>
/// <param name="Authority">Id of the member that decides.</param>
internal sealed record FailoverInput(
    RoutingTable Table,
    ImmutableArray<Member> Members,
    ImmutableDictionary<string, Heard> Reports,
    TimeSpan Now,
    DateTimeOffset Wall,
    string Authority);

/// <summary>What a decision comes to.</summary>
/// <param name="Table">The next table: the same object where nothing changed, otherwise one with the next epoch and its events.</param>
/// <param name="Memory">What the next decision needs to know about this one.</param>
internal sealed record FailoverDecision(RoutingTable Table, FailoverMemory Memory);
