using System.Collections.Immutable;

namespace ProxyCluster.Drills;

/// <summary>Whose front end goes away during a scenario, so that clients who list no other cannot be served.</summary>
internal enum ClosedDoors
{
    /// <summary>Nobody's.</summary>
    None,

    /// <summary>That of the region that gets the trouble.</summary>
    OfTheRegion,

    /// <summary>Each in turn.</summary>
    All,
}

/// <summary>One kind of trouble: what is done to the cluster, how it is undone, and by what one sees that it was noticed.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Summary">One line for people.</param>
/// <param name="InjectAsync">Makes the trouble.</param>
/// <param name="HealAsync">Ends it.</param>
internal sealed record DrillScenario(
    string Name,
    string Summary,
    Func<DrillStage, CancellationToken, Task> InjectAsync,
    Func<DrillStage, CancellationToken, Task> HealAsync)
{
    /// <summary>Whether somebody noticed; null where there is nothing to notice.</summary>
    public Func<DrillStage, ImmutableArray<Sighting>, bool>? IsDetected { get; init; }

    /// <summary>Whether everybody acts on it; null where traffic goes where it went.</summary>
    public Func<DrillStage, ImmutableArray<Sighting>, bool>? IsRerouted { get; init; }

    /// <summary>Which front ends go away.</summary>
    public ClosedDoors Closes { get; init; } = ClosedDoors.None;

    /// <summary>Whether a store that has one place goes with the region that gets the trouble; otherwise it lives in another.</summary>
    public bool TakesStore { get; init; }

    /// <summary>Whether the front end of a region goes away when the trouble is another's, or its own.</summary>
    public bool IsClosed(string region, string troubled) => Closes switch
    {
        ClosedDoors.All => true,
        ClosedDoors.OfTheRegion => region == troubled,
        _ => false,
    };
}
