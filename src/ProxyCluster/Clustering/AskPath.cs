using System.Collections.Immutable;

namespace ProxyCluster.Clustering;

/// <summary>As what a member is asked. Levels only grow on the way, so a question cannot run in a circle.</summary>
internal enum AskLevel
{
    /// <summary>By a client: ask whoever is right.</summary>
    Client,

    /// <summary>As the owner in its region: have it copied here, from the home region.</summary>
    Region,

    /// <summary>As the owner: fetch it from upstream, ask nobody who would fetch it too.</summary>
    Home,

    /// <summary>As one who may have it: send it if it is stored there, and do nothing otherwise.</summary>
    Stored,
}

/// <summary>One place to ask.</summary>
/// <param name="Peer">The member to ask; null for this silo itself.</param>
/// <param name="Level">As what.</param>
internal readonly record struct AskStep(Member? Peer, AskLevel Level)
{
    /// <summary>The owner that the engine itself keeps, where it keeps one.</summary>
    public static AskStep Engine { get; } = new(null, AskLevel.Home) { IsEngine = true };

    /// <summary>The copy that the engine keeps for this silo's region.</summary>
    public static AskStep RegionCopy { get; } = new(null, AskLevel.Region) { IsEngine = true };

    /// <summary>True for those two.</summary>
    public bool IsEngine { get; private init; }
}

/// <summary>
/// Where to look for what is not stored here, best first, as a pure function of the view.
/// <para>
/// Inside a region one silo owns a key, across regions the home region's does: a client's question goes to its region's
/// owner first, so that a region copies an artifact across the ocean once, then to the home owners. The last step is
/// always this silo itself (design rule 3), and its own turn in the order ends the list: who owns a key asks nobody.
/// </para>
/// <para>
/// Except for artifacts that others may have stored while the key was theirs, so that nobody fetches twice: who owned it
/// before an owner joined, or returned, is the next of its region, a short way away, and is always asked. Those who own
/// the key in other regions are asked too, for some time, where the key fell to an owner because another silo is gone, or
/// its region was out of service and has not caught up. A query is nobody's store's to answer: whoever is asked for one asks
/// upstream, so two regions that catch up would wait for each other.
/// </para>
/// </summary>
internal static class AskPath
{
    private const int MaxStored = 2;

    /// <summary>
    /// Which of the engine's owners a miss asks, best first: a client's question the copy of its region, where there is an
    /// ocean and somebody on this side of it to share the crossing with. An owner itself asks none.
    /// </summary>
    public static ImmutableArray<AskStep> ToEngine(Member self, AskLevel level, ClusterView view) =>
        level == AskLevel.Home ? []
        : level == AskLevel.Client && IsCopiedForOthers(self, view) ? [AskStep.RegionCopy, AskStep.Engine]
        : [AskStep.Engine];

    private static bool IsCopiedForOthers(Member self, ClusterView view) =>
        view.Routing.IsUsable(self.Region)
        && view.Members.Any(member => member.IsSilo && member.Region != self.Region)
        && view.Members.Any(member => member.IsSilo && member.Region == self.Region && member.Id != self.Id);

    /// <summary>
    /// The steps for an artifact of a module version; <paramref name="hasFallen"/> where its owner has departed lately.
    /// </summary>
    public static ImmutableArray<AskStep> ForArtifact(
        string key, Member self, AskLevel level, ClusterView view, int maxPeers, bool hasFallen)
    {
        var steps = For(key, self, level, view, maxPeers);
        if (steps.Any(static step => step.Level == AskLevel.Home && step.Peer is not null))
            return steps;

        var stored = ImmutableArray.CreateBuilder<AskStep>();
        if (RegionalOwner.For(key, self.Region, view) is [var first, var next, ..] && first.Id == self.Id)
            stored.Add(new AskStep(next, AskLevel.Stored));
        if (hasFallen || view.Routing.FindOrNull(self.Region) is { IsCatchingUp: true })
        {
            stored.AddRange(OwnerOrder.OtherRegions(key, self.Region, view)
                .Take(MaxStored)
                .Select(region => new AskStep(RegionalOwner.For(key, region, view)[0], AskLevel.Stored)));
        }

        return steps.InsertRange(0, stored);
    }

    /// <summary>The steps for a key. <paramref name="maxPeers"/> bounds the peers among them.</summary>
    public static ImmutableArray<AskStep> For(
        string key, Member self, AskLevel level, ClusterView view, int maxPeers)
    {
        var steps = ImmutableArray.CreateBuilder<AskStep>();
        var owners = OwnerOrder.For(key, view);
        if (level is AskLevel.Client or AskLevel.Region)
        {
            if (level == AskLevel.Client
                && view.Routing.IsUsable(self.Region)
                && owners.Length > 0
                && owners[0].Region != self.Region
                && RegionalOwner.For(key, self.Region, view) is [var regional, ..]
                && regional.Id != self.Id)
                steps.Add(new AskStep(regional, AskLevel.Region));

            foreach (var owner in owners)
            {
                if (owner.Id == self.Id || steps.Count >= maxPeers)
                    break;
                steps.Add(new AskStep(owner, AskLevel.Home));
            }
        }

        steps.Add(new AskStep(null, AskLevel.Home));
        return steps.ToImmutable();
    }
}
