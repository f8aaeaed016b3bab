using System.Collections.Immutable;
using ProxyCluster.Drills.Load;
using ProxyCluster.Drills.Reports;
using ProxyCluster.Drills.Topology;

namespace ProxyCluster.Drills;

/// <summary>
/// What a drill plays on: a cluster that it starts for itself (<see cref="OwnGround"/>) or one that was there before
/// (<see cref="RunningGround"/>).
/// </summary>
internal interface IDrillGround : IAsyncDisposable
{
    /// <summary>The members, the region that gets the trouble, and who gives orders.</summary>
    DrillStage Stage { get; }

    /// <summary>The trouble, as it is made here.</summary>
    DrillScenario Scenario { get; }

    /// <summary>What to ask for.</summary>
    DrillCatalog Catalog { get; }

    /// <summary>Module versions that can be asked for.</summary>
    int ModuleVersions { get; }

    /// <summary>Whether upstream is known to be away, beyond what members say of it.</summary>
    bool IsUpstreamAway { get; }

    /// <summary>The cluster store; null where only its operators know.</summary>
    StoreKind? Store { get; }

    /// <summary>How often upstream sent each artifact, by path; null where nobody counts.</summary>
    ImmutableArray<KeyValuePair<string, int>>? ArtifactsSent { get; }

    /// <summary>Runs the <c>go</c> command in a loop beside the load, if that was asked for.</summary>
    Task<GoRuns> GoAsync(CancellationToken stop);
}
