using System.Collections.Immutable;

namespace ProxyCluster.Drills;

/// <summary>A cluster that was there before the drill and goes on after it.</summary>
/// <param name="Members">Front ends that clients ask, and those silos that can be reached; at least one front end.</param>
/// <param name="Sums">A go.sum file: the module versions to ask for as hits, with their true hashes.</param>
internal sealed record RunningCluster(ImmutableArray<DrillMember> Members, string Sums)
{
    /// <summary>A go.sum file of module versions that the cluster probably does not have yet; null for a drill without misses.</summary>
    public string? ColdSums { get; init; }

    /// <summary>An operator's token for the admin API; null when no order is to be given.</summary>
    public string? Token { get; init; }

    /// <summary>Shell command that makes the trouble; null to let the scenario make it.</summary>
    public string? Inject { get; init; }

    /// <summary>Shell command that ends it.</summary>
    public string? Heal { get; init; }
}
