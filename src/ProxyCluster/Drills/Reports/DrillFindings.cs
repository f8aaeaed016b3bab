using System.Collections.Immutable;
using ProxyCluster.Drills.Load;
using ProxyCluster.Drills.Topology;

namespace ProxyCluster.Drills.Reports;

/// <summary>What was measured in a drill, raw.</summary>
/// <param name="Answers">Every request.</param>
/// <param name="Changes">Regions' states as they changed.</param>
/// <param name="Inject">When the trouble began; all moments count from the beginning of the load.</param>
/// <param name="Detected">When it was noticed.</param>
/// <param name="Rerouted">When everybody acted on it.</param>
/// <param name="Heal">When it ended.</param>
/// <param name="Recovered">When everything was as before.</param>
/// <param name="End">When the load ended.</param>
/// <param name="Lost">Artifacts that no silo has any more.</param>
/// <param name="Sent">How often upstream sent each artifact; null where nobody counted.</param>
/// <param name="Go">What the <c>go</c> command did beside it.</param>
internal sealed record DrillFindings(
    ImmutableArray<Answer> Answers,
    ImmutableArray<StateChange> Changes,
    TimeSpan Inject,
    TimeSpan? Detected,
    TimeSpan? Rerouted,
    TimeSpan Heal,
    TimeSpan? Recovered,
    TimeSpan End,
    ImmutableArray<string> Lost,
    ImmutableArray<KeyValuePair<string, int>>? Sent,
    GoRuns Go)
{
    /// <summary>The cluster store; null where only its operators know.</summary>
    public StoreKind? Store { get; init; }
}

/// <summary>Runs of <c>go mod download</c>, each from an empty cache.</summary>
/// <param name="Count">How many ended.</param>
/// <param name="Repeated">Those that succeeded or failed only at the second go; see <see cref="GoLoop.IsStuckToMirror"/>.</param>
/// <param name="Failures">What those said that failed.</param>
internal sealed record GoRuns(int Count, int Repeated, ImmutableArray<string> Failures)
{
    /// <summary>None at all.</summary>
    public static GoRuns None { get; } = new(0, 0, []);
}
