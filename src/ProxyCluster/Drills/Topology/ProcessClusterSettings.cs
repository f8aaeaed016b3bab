namespace ProxyCluster.Drills.Topology;

/// <summary>What a <see cref="ProcessCluster"/> is made of.</summary>
/// <param name="Directory">
/// Holds data and logs of every process and the state file. What an earlier cluster left in it is deleted at the start.
/// </param>
internal sealed record ProcessClusterSettings(string Directory)
{
    /// <summary>The regions.</summary>
    public IReadOnlyList<string> Regions { get; init; } = Distance.Regions;

    /// <summary>Silos in each region. Default 2.</summary>
    public int SilosPerRegion { get; init; } = 2;

    /// <summary>The first region's front end listens here, the others on the ports after it; 0 (default) takes free ones.</summary>
    public int PortBase { get; init; }

    /// <summary>Where modules come from, in GOPROXY's syntax; null for the default of <c>serve</c>.</summary>
    public string? Upstream { get; init; }

    /// <summary>The checksum database, in GOSUMDB's syntax; null for the default of <c>serve</c>.</summary>
    public string? SumDb { get; init; }

    /// <summary>Modules that no checksum database knows, in GONOSUMDB's syntax; null for none.</summary>
    public string? NoSumDb { get; init; }

    /// <summary>How far regions are apart; none by default.</summary>
    public IReadOnlyList<Distance> Distances { get; init; } = [];

    /// <summary>Further settings of every member, over those that the cluster makes.</summary>
    public IReadOnlyList<(string Key, string Value)> Settings { get; init; } = [];

    /// <summary>How silos and front ends are started.</summary>
    public OwnProgram Program { get; init; } = OwnProgram.Running;

    /// <summary>The cluster store; null (default) for the best one that is installed.</summary>
    public StoreKind? Store { get; init; }

    /// <summary>Where a store that has one place lives. Default: the first region.</summary>
    public string? StoreRegion { get; init; }

    /// <summary>etcd's program, a path or a name on PATH.</summary>
    public string EtcdProgram { get; init; } = "etcd";

    /// <summary>Redis' program, a path or a name on PATH.</summary>
    public string RedisProgram { get; init; } = "redis-server";

    /// <summary>Azurite's <c>main.js</c>, run by node as each region's blob store; null (default) for no blob stores.</summary>
    public string? Azurite { get; init; }

    /// <summary>Least severe level that members log. Default Information.</summary>
    public string LogLevel { get; init; } = nameof(Microsoft.Extensions.Logging.LogLevel.Information);
}
