using System.Collections.Immutable;
using ProxyCluster.Routing;

namespace ProxyCluster.Failover;

/// <summary>
/// What an authority remembers between two decisions: since when things have lasted, by its own monotonic clock. It dies
/// with the term of office, and a successor counts every duration from its own beginning: holds get longer by a change of
/// authority, never shorter.
/// </summary>
internal sealed record FailoverMemory
{
    /// <summary>Before the first decision.</summary>
    public static FailoverMemory None { get; } = new();

    /// <summary>When the last decision was made; null before the first.</summary>
    public TimeSpan? LastLook { get; init; }

    /// <summary>No silence counts from before this time: the beginning of the term, or the end of a pause of our own.</summary>
    public TimeSpan ListeningSince { get; init; }

    /// <summary>Silos by member id.</summary>
    public ImmutableDictionary<string, SiloMemory> Silos { get; init; } = ImmutableDictionary.Create<string, SiloMemory>(StringComparer.Ordinal);

    /// <summary>Regions by name.</summary>
    public ImmutableDictionary<string, RegionMemory> Regions { get; init; } = ImmutableDictionary.Create<string, RegionMemory>(StringComparer.Ordinal);
}

/// <summary>What is remembered of a silo.</summary>
/// <param name="FirstSeen">When it first was in the view.</param>
/// <param name="StoreFailingSince">Since when every report of it says that the store fails; null while it does not.</param>
internal sealed record SiloMemory(TimeSpan FirstSeen, TimeSpan? StoreFailingSince);

/// <summary>What is remembered of a region.</summary>
/// <param name="State">The state that it was last seen in.</param>
/// <param name="Share">The share that it was last seen with.</param>
/// <param name="Since">Since when it has been in that state with that share.</param>
internal sealed record RegionMemory(RegionState State, int Share, TimeSpan Since)
{
    /// <summary>Since when it has been usable without a break; null while it is not.</summary>
    public TimeSpan? InServiceSince { get; init; }

    /// <summary>Since when it has shown no symptom; null while it shows one.</summary>
    public TimeSpan? WellSince { get; init; }

    /// <summary>Since when nothing has called for an alert; null while something does.</summary>
    public TimeSpan? CalmSince { get; init; }

    /// <summary>When its order of failover last changed in this term; null before.</summary>
    public TimeSpan? OrderSince { get; init; }

    /// <summary>Since when its error rate has been too high.</summary>
    public TimeSpan? ErrorsSince { get; init; }

    /// <summary>Since when too many of its fetches have failed.</summary>
    public TimeSpan? FetchFailuresSince { get; init; }

    /// <summary>Since when too many of its queries have failed.</summary>
    public TimeSpan? QueryFailuresSince { get; init; }

    /// <summary>
    /// Its hit ratio has been too low for its time, with all that must come with it, and has not been high enough since: what lasts
    /// for so long that it is no rise any more is not over.
    /// </summary>
    public bool HasLostHits { get; init; }
}
