using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Http;

namespace ProxyCluster.Benchmarks.Trace.Sources;

/// <summary>
/// Requests that were recorded, a log for each region. Artifacts that were served count; queries, failures and everything
/// else in a log are left out and counted.
/// </summary>
internal sealed class RecordedTrace : ITraceSource
{
    private readonly List<(DateTimeOffset Time, int Region, int Version, ArtifactKind Kind, uint Client)> _lines = [];
    private readonly List<string> _names = [];
    private readonly Dictionary<string, int> _versions = new(StringComparer.Ordinal);
    private readonly Dictionary<(int, ArtifactKind), long> _sizes = [];
    private readonly DateTimeOffset _start;

    /// <param name="logs">The lines of each region's log, by region.</param>
    /// <param name="parseOrNull">Reads a line.</param>
    public RecordedTrace(IReadOnlyList<(string Region, IEnumerable<string> Lines)> logs, Func<string, LogLine?> parseOrNull)
    {
        Regions = [.. logs.Select(static log => log.Region)];
        foreach (var (region, log) in logs.Index())
        {
            foreach (var text in log.Lines)
            {
                if (parseOrNull(text) is not { } line || !TryAdd(region, line))
                    LeftOut++;
            }
        }

        // Logs are written when requests end, so they are only nearly in order.
        var ordered = _lines.OrderBy(static line => line.Time).ToList();
        _lines = ordered;
        _start = ordered.Count > 0 ? ordered[0].Time : default;
        Hours = ordered.Count > 0 ? 1 + (int)(ordered[^1].Time - _start).TotalHours : 0;
    }

    public IReadOnlyList<string> Regions { get; }

    public int Versions => _names.Count;

    public int Hours { get; }

    /// <summary>Lines that tell of no artifact served.</summary>
    public int LeftOut { get; private set; }

    public string NameOf(int version) => _names[version];

    public long SizeOf(int version, ArtifactKind kind) =>
        _sizes.TryGetValue((version, kind), out var size) ? size : UsualSizes.Of(version, kind);

    public IEnumerable<TraceRequest> Requests() => _lines.Select(line => new TraceRequest(
        (uint)(line.Time - _start).TotalSeconds, line.Region, line.Version, line.Kind, line.Client));

    private bool TryAdd(int region, LogLine line)
    {
        if (line.Status is not (200 or 206 or 304)
            || !RequestTarget.TryDecode(RequestTarget.PathOf(line.Target), out var path, out _)
            || ProxyPath.Parse(path.TrimStart('/')) is not { Asked: Asked.Artifact } what)
            return false;

        var name = what.Module.ToString();
        if (!_versions.TryGetValue(name, out var version))
        {
            _versions[name] = version = _names.Count;
            _names.Add(name);
        }

        if (line is { Status: 200, Bytes: > 0 and var bytes })
            _sizes[(version, what.Kind)] = bytes;
        _lines.Add((line.Time, region, version, what.Kind, (uint)RendezvousHash.Text(line.Client)));
        return true;
    }
}
