using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Benchmarks.Trace.Sources;

/// <summary>A client's request for an artifact.</summary>
/// <param name="Time">Seconds since the trace began.</param>
/// <param name="Region">Number of the client's region.</param>
/// <param name="Version">Number of the module version.</param>
/// <param name="Kind">Which of its files.</param>
/// <param name="Client">Whoever asked, as a number that only tells clients apart.</param>
internal readonly record struct TraceRequest(uint Time, int Region, int Version, ArtifactKind Kind, uint Client);
