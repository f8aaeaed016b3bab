using System.Runtime.Versioning;
using ProxyCluster.Benchmarks.Trace.Sources;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Tests.Benchmarks.Trace;

/// <summary>Requests that a test wrote down, for artifacts of one block on the disk each.</summary>
[SupportedOSPlatform("linux")]
internal sealed class ScriptedSource(IReadOnlyList<string> regions, int versions, int hours, params TraceRequest[] requests) : ITraceSource
{
    public const long Size = 4096;

    public IReadOnlyList<string> Regions { get; } = regions;

    public int Versions { get; } = versions;

    public int Hours { get; } = hours;

    public string NameOf(int version) => $"example.com/m{version}@v1.0.0";

    public long SizeOf(int version, ArtifactKind kind) => Size;

    public IEnumerable<TraceRequest> Requests() => requests;

    public static TraceRequest Zip(uint time, int region, int version = 0) => new(time, region, version, ArtifactKind.Zip, 0);
}
