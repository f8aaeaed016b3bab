using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using ProxyCluster.Drills.Load;

namespace ProxyCluster.Drills.Reports;

/// <summary>
/// What a drill came to. Its JSON is read by pipelines: names stay, new ones are only added. Times are milliseconds and
/// null where there is nothing to measure; what should have happened and did not is told by <see cref="Thresholds"/>.
/// </summary>
internal sealed record DrillReport
{
    /// <summary>Name of the scenario.</summary>
    public required string Scenario { get; init; }

    /// <summary>What it does.</summary>
    public required string Summary { get; init; }

    /// <summary>Whether every threshold holds.</summary>
    public bool Passed => Thresholds.All(static threshold => threshold.Holds);

    /// <summary>When it began, UTC.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>The product's version.</summary>
    public required string Version { get; init; }

    /// <summary>The region that got the trouble.</summary>
    public required string Region { get; init; }

    /// <summary>The cluster store: <c>etcd</c>, <c>redis</c> or <c>memory</c>; null where only its operators know.</summary>
    public string? Store { get; init; }

    /// <summary>Requests per second asked for.</summary>
    public double Rate { get; init; }

    /// <summary>The load's seed.</summary>
    public int Seed { get; init; }

    /// <summary>Module versions that upstream had.</summary>
    public int ModuleVersions { get; init; }

    /// <summary>Requests of clients.</summary>
    public int Requests { get; init; }

    /// <summary>Those that failed although the answer could be had.</summary>
    public int Failed { get; init; }

    /// <summary>Those that were told honestly of an outage of upstream, for what the cluster did not have.</summary>
    public int Unobtainable { get; init; }

    /// <summary>Those that were answered by their second front end.</summary>
    public int SecondDoor { get; init; }

    /// <summary>Answers whose bytes were not what they should be.</summary>
    public int WrongBytes { get; init; }

    /// <summary>Failed and unobtainable ones by cause.</summary>
    public ImmutableSortedDictionary<string, int> FailuresByCause { get; init; } = ImmutableSortedDictionary<string, int>.Empty;

    /// <summary>From the beginning of the trouble until a member of another region noticed.</summary>
    public double? DetectMs { get; init; }

    /// <summary>From then until all of them acted on it.</summary>
    public double? RerouteMs { get; init; }

    /// <summary>From the end of the trouble until everything was as before.</summary>
    public double? RecoverMs { get; init; }

    /// <summary>Artifacts that a client had got and no silo has any more.</summary>
    public int ObjectsLost { get; init; }

    /// <summary>How often upstream sent the artifact that it sent most often; 1 is ideal, null where nobody counted.</summary>
    public int? UpstreamFetchesPerArtifactMax { get; init; }

    /// <summary>Artifacts that upstream sent more than once; null where nobody counted.</summary>
    public int? DuplicateUpstreamFetches { get; init; }

    /// <summary>Latency of what was answered, by phase.</summary>
    public required PhaseLatencies LatencyMs { get; init; }

    /// <summary>Runs of <c>go mod download</c> beside the load.</summary>
    public int GoRuns { get; init; }

    /// <summary>
    /// Those that were run once more, because <c>go</c> keeps to the first front end's mirror of the checksum database until
    /// it ends and that front end had gone.
    /// </summary>
    public int GoRepeated { get; init; }

    /// <summary>Those that failed.</summary>
    public int GoFailures { get; init; }

    /// <summary>When what happened, in milliseconds since the load began.</summary>
    public required DrillMoments MomentsMs { get; init; }

    /// <summary>Regions' states over time.</summary>
    public ImmutableArray<StateAt> States { get; init; } = [];

    /// <summary>The load, slice by slice.</summary>
    public ImmutableArray<TimelineSlice> Timeline { get; init; } = [];

    /// <summary>What had to hold.</summary>
    public ImmutableArray<Threshold> Thresholds { get; init; } = [];

    /// <summary>What was seen of failures, a few of each kind.</summary>
    public ImmutableArray<string> Remarks { get; init; } = [];

    /// <summary>As JSON, indented.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, DrillReportJson.Default.DrillReport);
}

/// <summary>Latency before, during and after the trouble, and while traffic was being moved.</summary>
internal sealed record PhaseLatencies(LatencySummary Before, LatencySummary During, LatencySummary Switch, LatencySummary After);

/// <summary>Moments of a drill, in milliseconds since the load began; null for those that did not come.</summary>
internal sealed record DrillMoments(double Inject, double? Detected, double? Rerouted, double Heal, double? Recovered, double End);

/// <summary>A region's state from a moment on.</summary>
internal sealed record StateAt(double AtMs, string Region, string State);

/// <summary>A slice of the load.</summary>
internal sealed record TimelineSlice(double AtMs, int Ok, int Failed, int Unobtainable, double P50, double P99);

/// <summary>One thing that had to hold.</summary>
/// <param name="Name">What.</param>
/// <param name="Limit">At most this.</param>
/// <param name="Value">What it came to; null when it never happened although it should have.</param>
/// <param name="Holds">Whether that is within the limit.</param>
internal sealed record Threshold(string Name, double Limit, double? Value, bool Holds);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(DrillReport))]
internal sealed partial class DrillReportJson : JsonSerializerContext;
