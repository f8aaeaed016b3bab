using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Benchmarks.Trace.Sources;

/// <summary>Requests in the order of their time, for module versions that are numbers from 0.</summary>
internal interface ITraceSource
{
    /// <summary>Names of the regions that clients are in, by number.</summary>
    IReadOnlyList<string> Regions { get; }

    /// <summary>How many module versions there are.</summary>
    int Versions { get; }

    /// <summary>Whole hours that the trace takes, the last one begun counted.</summary>
    int Hours { get; }

    /// <summary>A module version's name, <c>path@version</c>, by which it is placed.</summary>
    string NameOf(int version);

    /// <summary>Bytes of an artifact.</summary>
    long SizeOf(int version, ArtifactKind kind);

    /// <summary>The requests, the same ones each time.</summary>
    IEnumerable<TraceRequest> Requests();
}
