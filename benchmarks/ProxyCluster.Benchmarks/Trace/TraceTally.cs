using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Benchmarks.Trace;

/// <summary>Where an artifact came from.</summary>
internal enum Origin
{
    /// <summary>From a silo of the client's region, which had it.</summary>
    Local,

    /// <summary>From another region.</summary>
    Peer,

    /// <summary>From upstream, for this request.</summary>
    Upstream,

    /// <summary>From nowhere: no region was in service.</summary>
    Nowhere,
}

/// <summary>How far a call of the engine went.</summary>
internal enum Reach
{
    /// <summary>The grain lives in the silo that calls it.</summary>
    Silo,

    /// <summary>In another one of the region.</summary>
    Region,

    /// <summary>In another region.</summary>
    Ocean,
}

/// <summary>What a trace came to, counted.</summary>
/// <param name="regions">Regions.</param>
/// <param name="versions">Module versions.</param>
/// <param name="hours">Hours.</param>
internal sealed class TraceTally(int regions, int versions, int hours)
{
    /// <summary>Different origins.</summary>
    public const int Origins = 4;

    private const int KindCount = 3;

    private readonly long[] _requests = new long[regions * hours * Origins];
    private readonly long[] _byKind = new long[regions * KindCount * Origins];
    private readonly long[] _bytes = new long[regions * regions];
    private readonly byte[] _fetched = new byte[versions];

    /// <summary>Requests that another region than the client's answered.</summary>
    public long AnsweredAway { get; set; }

    /// <summary>Bytes from upstream, by the region that fetched them.</summary>
    public long[] UpstreamBytes { get; } = new long[regions];

    /// <summary>Artifacts asked of upstream, by the region that did.</summary>
    public long[] UpstreamAsked { get; } = new long[regions];

    /// <summary>Of those, artifacts that upstream had been asked for before.</summary>
    public long AskedAgain { get; private set; }

    /// <summary>Calls of the grains of module versions, by <see cref="Reach"/>.</summary>
    public long[] OwnerCalls { get; } = new long[3];

    /// <summary>Calls of regions' copies, by <see cref="Reach"/>.</summary>
    public long[] CopyCalls { get; } = new long[3];

    /// <summary>Grains of module versions that were activated.</summary>
    public long Activations { get; set; }

    /// <summary>Counts a request.</summary>
    public void Count(int region, uint time, ArtifactKind kind, Origin origin)
    {
        _requests[(((region * hours) + (int)(time / 3600)) * Origins) + (int)origin]++;
        _byKind[(((region * KindCount) + (int)kind) * Origins) + (int)origin]++;
    }

    /// <summary>Counts bytes that go from a silo of one region to a silo of another, or of the same.</summary>
    public void Copied(int from, int to, long bytes) => _bytes[(from * regions) + to] += bytes;

    /// <summary>Counts what a region asks of upstream.</summary>
    public void Fetched(int region, int version, ArtifactKind kind, long bytes)
    {
        UpstreamAsked[region]++;
        UpstreamBytes[region] += bytes;
        if ((_fetched[version] & (1 << (int)kind)) != 0)
            AskedAgain++;
        _fetched[version] |= (byte)(1 << (int)kind);
    }

    /// <summary>Requests of a region in an hour.</summary>
    public long Requests(int region, int hour, Origin origin) => _requests[(((region * hours) + hour) * Origins) + (int)origin];

    /// <summary>Requests of a region for a kind of artifact.</summary>
    public long Requests(int region, ArtifactKind kind, Origin origin) => _byKind[(((region * KindCount) + (int)kind) * Origins) + (int)origin];

    /// <summary>Bytes copied from one region to another.</summary>
    public long Bytes(int from, int to) => _bytes[(from * regions) + to];
}
