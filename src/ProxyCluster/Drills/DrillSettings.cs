using ProxyCluster.Drills.Topology;

namespace ProxyCluster.Drills;

/// <summary>What a drill is asked to be.</summary>
/// <param name="Scenario">The trouble.</param>
/// <param name="Directory">Holds the cluster's data and logs.</param>
internal sealed record DrillSettings(DrillScenario Scenario, string Directory)
{
    /// <summary>Requests per second of all clients together. Default 200.</summary>
    public double Rate { get; init; } = 200;

    /// <summary>
    /// Time under load: a fifth of it before the trouble, two fifths in it, the rest after it. The load goes on beyond
    /// that until everything is as before, or <see cref="RecoverLimit"/> has passed. Default 30 s.
    /// </summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long to wait for everything to be as before. Default 90 s.</summary>
    public TimeSpan RecoverLimit { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>The region that gets the trouble. Default frankfurt.</summary>
    public string Region { get; init; } = "frankfurt";

    /// <summary>Silos per region. Default 2.</summary>
    public int SilosPerRegion { get; init; } = 2;

    /// <summary>How far regions are apart. Default: <see cref="Distance.World"/>.</summary>
    public IReadOnlyList<Distance> Distances { get; init; } = Distance.World;

    /// <summary>Time before each of upstream's answers. Default 50 ms.</summary>
    public TimeSpan UpstreamDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>A directory of real module versions, laid out like <c>$GOMODCACHE/cache/download</c>; null for made ones.</summary>
    public string? Corpus { get; init; }

    /// <summary>The <c>go</c> command, to download modules with in a loop beside the load; null for none.</summary>
    public string? Go { get; init; }

    /// <summary>The cluster to drill; null (default) to start one.</summary>
    public RunningCluster? Running { get; init; }

    /// <summary>Makes the load repeatable. Default 1.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>
    /// Further settings of every member. By default a region has to prove itself for a shorter time than in production, so
    /// that a rehearsal does not last minutes; how soon trouble is noticed is left as it is.
    /// </summary>
    public IReadOnlyList<(string Key, string Value)> Settings { get; init; } =
    [
        ("Failover:FailedHold", "3s"), ("Failover:RecoverAfter", "2s"), ("Failover:RecoveryStep", "2s"), ("Failover:SuspectHold", "2s"),
    ];

    /// <summary>The cluster store; null (default) for the best one that is installed.</summary>
    public StoreKind? Store { get; init; }

    /// <summary>How members are started.</summary>
    public OwnProgram Program { get; init; } = OwnProgram.Running;

    /// <summary>What the report must hold.</summary>
    public DrillThresholds Thresholds { get; init; } = new();
}

/// <summary>What must hold for a drill to have passed. Wrong bytes, lost objects and failing <c>go</c> runs are never allowed.</summary>
internal sealed record DrillThresholds
{
    /// <summary>Failed requests at most. Default 0.</summary>
    public int MaxFailed { get; init; }

    /// <summary>Longest time until the trouble is noticed, where there is something to notice. Default 5 s.</summary>
    public TimeSpan MaxDetect { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest time from then until everybody acts on it. Default 1 s.</summary>
    public TimeSpan MaxReroute { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest time from the end of the trouble until everything is as before. Default 60 s.</summary>
    public TimeSpan MaxRecover { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Slowest 99th percentile during the trouble; null (default) for any.</summary>
    public TimeSpan? MaxP99 { get; init; }
}
