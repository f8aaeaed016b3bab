using System.Collections.Immutable;

namespace ProxyCluster.Routing;

/// <summary>One region in the routing table.</summary>
/// <param name="Name">The region's name.</param>
/// <param name="State">How it stands.</param>
/// <param name="Since">When it came to stand so, UTC.</param>
/// <param name="Reason">Why, in words.</param>
/// <param name="Share">
/// Part of its keys that the region owns, from 0 to 100 percent; below 100 only while it is recovering.
/// </param>
public sealed record RegionEntry(string Name, RegionState State, DateTimeOffset Since, string Reason, int Share = 100)
{
    /// <summary>What an operator wants of the region, whatever its health; null for nothing.</summary>
    public OperatorIntent? Intent { get; init; }

    /// <summary>What is worth a look and no reason to move traffic, in words; null for nothing.</summary>
    public string? Alert { get; init; }

    /// <summary>How often in a row it failed; each time it has to prove itself for longer. A long time in service ends the row.</summary>
    public int Failures { get; init; }

    /// <summary>
    /// True from the moment it went out of service until it has been back for long enough: others may have stored
    /// meanwhile what it owns, so its owners ask them before they ask upstream.
    /// </summary>
    public bool IsCatchingUp { get; init; }

    /// <summary>True where requests are served and module versions may be owned.</summary>
    public bool IsUsable => State is RegionState.Active or RegionState.Suspect or RegionState.Recovering;
}

/// <summary>
/// The epoch-numbered state of every region and the order of failover: an immutable snapshot. A region that no table
/// mentions counts as active, so that a new region serves before the authority has said a word about it.
/// </summary>
/// <param name="Epoch">Grows by one with every change; 0 means that nothing was published yet.</param>
/// <param name="Regions">All regions ever seen, ordered by name.</param>
/// <param name="FailoverOrder">For a region, the others in the order in which its traffic moves; missing means by name.</param>
/// <param name="Authority">Id of the member that decided.</param>
/// <param name="Time">When, UTC.</param>
public sealed record RoutingTable(
    long Epoch,
    ImmutableArray<RegionEntry> Regions,
    ImmutableDictionary<string, ImmutableArray<string>> FailoverOrder,
    string Authority,
    DateTimeOffset Time)
{
    /// <summary>
    /// The last events, oldest first, their ids growing without a gap. They travel with the table because they are
    /// published with it, in one step: no change without its event, and a new authority knows what the old one did.
    /// </summary>
    public ImmutableArray<RoutingEvent> Events { get; init; } = [];

    /// <summary>Events up to this id are known to have reached those who are told; 0 for none. The rest is told again.</summary>
    public long ToldUntil { get; init; }

    /// <summary>The id of the newest event; 0 when there was none.</summary>
    public long LastEventId => Events.IsEmpty ? 0 : Events[^1].Id;

    /// <summary>The table before the first one.</summary>
    public static RoutingTable Empty { get; } =
        new(0, [], ImmutableDictionary<string, ImmutableArray<string>>.Empty, "", default);

    /// <summary>The entry of a region, or null when no table has mentioned it.</summary>
    public RegionEntry? FindOrNull(string region)
    {
        foreach (var entry in Regions)
        {
            if (entry.Name == region)
                return entry;
        }

        return null;
    }

    /// <summary>Is a region to be used? An unknown one is.</summary>
    public bool IsUsable(string region) => FindOrNull(region)?.IsUsable ?? true;
}
