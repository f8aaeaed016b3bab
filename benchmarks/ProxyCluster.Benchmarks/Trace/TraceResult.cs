using System.Collections.Immutable;
using System.Text.Json;

namespace ProxyCluster.Benchmarks.Trace;

/// <summary>Requests by where the artifact came from.</summary>
internal sealed record ByOrigin(long Local, long Peer, long Upstream, long Nowhere)
{
    /// <summary>All of them.</summary>
    public long Requests => Local + Peer + Upstream + Nowhere;

    /// <summary>Part that a silo of the client's region had; 0 where nothing was asked.</summary>
    public double HitRatio => Requests == 0 ? 0 : Math.Round((double)Local / Requests, 6);

    /// <summary>The sum of several.</summary>
    public static ByOrigin Sum(IEnumerable<ByOrigin> some) => some.Aggregate(
        new ByOrigin(0, 0, 0, 0),
        static (sum, one) => new(sum.Local + one.Local, sum.Peer + one.Peer, sum.Upstream + one.Upstream, sum.Nowhere + one.Nowhere));
}

/// <summary>What came of a region's requests, and what lies there.</summary>
internal sealed record RegionResult(
    string Name,
    ByOrigin All,
    ByOrigin Info,
    ByOrigin Mod,
    ByOrigin Zip,
    long UpstreamAsked,
    long UpstreamBytes,
    long StoredBytes,
    long Evicted,
    ImmutableArray<ByOrigin> Hours,
    ImmutableArray<long> StoredByHour);

/// <summary>Calls of grains of one sort, by how far they went.</summary>
internal sealed record Calls(long InSilo, long InRegion, long AcrossOcean);

/// <summary>What one silo holds at the end.</summary>
internal sealed record SiloResult(string Name, long Bytes, long Artifacts, long Evicted);

/// <summary>What a trace came to. Says nothing of the machine or the day, so that equal runs give equal bytes.</summary>
internal sealed record TraceResult
{
    /// <summary>Where requests came from, in words.</summary>
    public required string Source { get; init; }

    /// <summary>How the cluster was set up.</summary>
    public required TraceSetup Setup { get; init; }

    /// <summary>Module versions that there are.</summary>
    public required int Versions { get; init; }

    /// <summary>All requests.</summary>
    public required ByOrigin All { get; init; }

    /// <summary>Requests that another region than the client's answered.</summary>
    public required long AnsweredAway { get; init; }

    /// <summary>Artifacts asked of upstream that it had been asked for before.</summary>
    public required long AskedAgain { get; init; }

    /// <summary>By region.</summary>
    public required ImmutableArray<RegionResult> Regions { get; init; }

    /// <summary>Bytes copied from a region (row) to another (column), in the regions' order; inside a region on the diagonal.</summary>
    public required ImmutableArray<ImmutableArray<long>> BytesBetween { get; init; }

    /// <summary>Calls of the owners of module versions.</summary>
    public required Calls OwnerCalls { get; init; }

    /// <summary>Calls of regions' copies.</summary>
    public required Calls CopyCalls { get; init; }

    /// <summary>Grains of module versions activated.</summary>
    public required long Activations { get; init; }

    /// <summary>By silo.</summary>
    public required ImmutableArray<SiloResult> Silos { get; init; }

    /// <summary>What the failover authority did, where something was lost.</summary>
    public required ImmutableArray<string> Events { get; init; }

    /// <summary>Bytes from one region to another, all pairs together.</summary>
    public long OceanBytes => BytesBetween.Select(static (row, from) => row.Where((_, to) => to != from).Sum()).Sum();

    /// <summary>As JSON, indented.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json) + "\n";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
}
