namespace ProxyCluster.Drills.Topology;

/// <summary>What a process of a cluster is.</summary>
internal enum ProcessKind
{
    /// <summary>A member of etcd.</summary>
    Etcd,

    /// <summary>The one Redis.</summary>
    Redis,

    /// <summary>A region's blob store.</summary>
    BlobStore,

    /// <summary>Owns and stores module versions.</summary>
    Silo,

    /// <summary>Answers clients.</summary>
    FrontEnd,
}

/// <summary>How to start one process; the same at every start, so that a restarted one is found where it was.</summary>
/// <param name="Name">Unique in the cluster, for instance <c>tokyo-silo-1</c>.</param>
/// <param name="Region">Its region.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Url">Where it answers, without a trailing slash.</param>
/// <param name="Program">The program's path, or a name on PATH.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Environment">Variables besides those of this process.</param>
/// <param name="Directory">Where it runs and keeps its data.</param>
/// <param name="Log">The file that gets what it prints.</param>
internal sealed record ProcessPlan(
    string Name,
    string Region,
    ProcessKind Kind,
    Uri Url,
    string Program,
    IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string> Environment,
    string Directory,
    string Log)
{
    /// <summary>Where it says whether it is ready; null where a listening port says enough.</summary>
    public string? ReadyPath => Kind switch
    {
        ProcessKind.Etcd => "/health",
        ProcessKind.Silo or ProcessKind.FrontEnd => "/readyz",
        _ => null,
    };
}
