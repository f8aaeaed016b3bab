using System.Collections.Immutable;
using ProxyCluster.Clustering;
using ProxyCluster.Routing;

namespace ProxyCluster.Failover;

/// <summary>The cluster as the authority knows it: what <c>/-/admin/v1/status</c> answers.</summary>
/// <param name="Time">When it was drawn up, UTC.</param>
/// <param name="By">Id of the member that drew it up.</param>
/// <param name="IsAuthority">False when the authority could not be asked: health is then unknown.</param>
/// <param name="Authority">Id of the authority; null while there is none.</param>
/// <param name="Epoch">Epoch of the routing table.</param>
/// <param name="LastEvent">Id of the newest event.</param>
/// <param name="Engine">That member's connection to the engine.</param>
/// <param name="Regions">Every region, ordered by name.</param>
internal sealed record ClusterStatus(
    DateTimeOffset Time,
    string By,
    bool IsAuthority,
    string? Authority,
    long Epoch,
    long LastEvent,
    EngineHealth Engine,
    ImmutableArray<ClusterRegion> Regions);

/// <summary>One region.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">How it stands.</param>
/// <param name="Since">Since when, UTC.</param>
/// <param name="Reason">Why.</param>
/// <param name="Share">Percent of its keys that it owns.</param>
/// <param name="Alert">What is worth a look; null for nothing.</param>
/// <param name="Intent">What an operator wants; null for nothing.</param>
/// <param name="InFlight">Requests that its members are working on.</param>
/// <param name="PendingCopies">Copies that it owes to other regions.</param>
/// <param name="Traffic">Its members' figures added up.</param>
/// <param name="FailoverOrder">Where its traffic moves.</param>
/// <param name="Members">Its live members.</param>
internal sealed record ClusterRegion(
    string Name,
    RegionState State,
    DateTimeOffset Since,
    string Reason,
    int Share,
    string? Alert,
    OperatorIntent? Intent,
    long InFlight,
    long PendingCopies,
    TrafficHealth Traffic,
    ImmutableArray<string> FailoverOrder,
    ImmutableArray<ClusterMember> Members);

/// <summary>One live member.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Address">Where it is reached.</param>
/// <param name="Role">What it does.</param>
/// <param name="Version">Its program's version.</param>
/// <param name="HeardAgo">Seconds since its last report; null when there was none.</param>
/// <param name="Report">That report.</param>
internal sealed record ClusterMember(string Id, Uri Address, Role Role, string Version, double? HeardAgo, HealthReport? Report);

/// <summary>Events after a given one: what <c>/-/admin/v1/events</c> answers.</summary>
/// <param name="Epoch">Epoch of the routing table that they were read from.</param>
/// <param name="Last">Id of the newest event: where to ask from next.</param>
/// <param name="IsComplete">False when events after the given one have been forgotten already.</param>
/// <param name="Events">Oldest first.</param>
internal sealed record EventPage(long Epoch, long Last, bool IsComplete, ImmutableArray<RoutingEvent> Events);
