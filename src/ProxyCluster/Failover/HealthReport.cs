using System.Collections.Immutable;
using ProxyCluster.Clustering;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Failover;

/// <summary>
/// What a member says about itself, about once a second, to the authority. Small (under 2 KiB) and versioned: fields are
/// only ever added, and a reader ignores those that it does not know. Figures count the seconds that <see cref="TrafficHealth.Window"/> says.
/// </summary>
internal sealed record HealthReport
{
    /// <summary>The version that is written today.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Version of the format.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Id of the member.</summary>
    public required string Member { get; init; }

    /// <summary>Its region.</summary>
    public required string Region { get; init; }

    /// <summary>What it does.</summary>
    public Role Role { get; init; }

    /// <summary>Grows by one with each report of the member's life; an older one that arrives later is dropped.</summary>
    public long Sequence { get; init; }

    /// <summary>Epoch of the routing table that the member acts on.</summary>
    public long Epoch { get; init; }

    /// <summary>How its store does; null on a front end.</summary>
    public StoreHealth? Store { get; init; }

    /// <summary>Its upstreams in their order; empty on a front end.</summary>
    public ImmutableArray<UpstreamHealth> Upstreams { get; init; } = [];

    /// <summary>Its connection to the engine.</summary>
    public EngineHealth Engine { get; init; } = new("", false, "");

    /// <summary>What the requests of the last moments came to.</summary>
    public TrafficHealth Traffic { get; init; } = new();

    /// <summary>What they came to over the time that the hit ratio is judged by.</summary>
    public LastingTraffic Lasting { get; init; } = new();

    /// <summary>The modules whose requests failed or had to be fetched most lately, with their number.</summary>
    public ImmutableSortedDictionary<string, long> Troubled { get; init; } = ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>Requests that this member is working on itself now, those that it only passes on not counted.</summary>
    public long InFlight { get; init; }

    /// <summary>Copies that it still owes to other regions.</summary>
    public long PendingCopies { get; init; }

    /// <summary>Measured round trips to other regions in milliseconds; empty where unknown.</summary>
    public ImmutableSortedDictionary<string, double> RoundTrips { get; init; } = ImmutableSortedDictionary<string, double>.Empty;
}

/// <summary>The last probe of a store: write, read, compare, delete.</summary>
/// <param name="IsOk">It worked.</param>
/// <param name="Milliseconds">How long it took, or has taken so far where it never came back.</param>
/// <param name="Trouble">What went wrong, in words; null when it worked.</param>
/// <param name="FreeBytes">Room on the disk.</param>
/// <param name="TotalBytes">Size of the disk.</param>
internal sealed record StoreHealth(bool IsOk, double Milliseconds, string? Trouble, long FreeBytes, long TotalBytes);

/// <summary>One upstream as this member finds it.</summary>
/// <param name="Name">Display name, without credentials.</param>
/// <param name="Breaker"><c>closed</c>, <c>open</c> or <c>half-open</c>.</param>
/// <param name="IsReachable">False while its breaker keeps requests away.</param>
internal sealed record UpstreamHealth(string Name, string Breaker, bool IsReachable);

/// <summary>The connection to the engine.</summary>
/// <param name="Name">Which engine.</param>
/// <param name="IsDegraded">True while the last known view is used.</param>
/// <param name="Detail">One sentence.</param>
internal sealed record EngineHealth(string Name, bool IsDegraded, string Detail);

/// <summary>Sums over the window, so that a region's figures are its members' added up.</summary>
internal sealed record TrafficHealth
{
    /// <summary>Seconds that the sums cover.</summary>
    public double Window { get; init; }

    /// <summary>Requests of clients answered.</summary>
    public long Requests { get; init; }

    /// <summary>Those among them that failed for a reason that another region might not have.</summary>
    public long Errors { get; init; }

    /// <summary>The clients, by address, who met most of the errors, and how many each.</summary>
    public ImmutableSortedDictionary<string, long> Loudest { get; init; } = ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>Artifacts and queries answered from what was here.</summary>
    public long Hits { get; init; }

    /// <summary>Artifacts and queries that had to be got first.</summary>
    public long Misses { get; init; }

    /// <summary>Requests sent upstream.</summary>
    public long Fetches { get; init; }

    /// <summary>Those among them that met an outage.</summary>
    public long FetchFailures { get; init; }

    /// <summary>Requests that the breakers of upstreams kept back; neither sent nor failed.</summary>
    public long KeptBack { get; init; }

    /// <summary>Queries of clients answered.</summary>
    public long Queries { get; init; }

    /// <summary>Those among them that came to nothing because something was away.</summary>
    public long QueryFailures { get; init; }

    /// <summary>The clients, by address, whose queries failed most, and how many each.</summary>
    public ImmutableSortedDictionary<string, long> LoudestOfQueries { get; init; } = ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>Time in which 95 of 100 requests were answered, in milliseconds, rounded up to a bucket's bound.</summary>
    public double P95Milliseconds { get; init; }

    /// <summary>Requests per second.</summary>
    public double RequestRate => Window > 0 ? Requests / Window : 0;

    /// <summary>Part of the requests that failed, 0 to 1.</summary>
    public double ErrorRate => Part(Errors, Requests);

    /// <summary>Part answered from what was here, 0 to 1; 1 when nothing was asked.</summary>
    public double HitRatio => Hits + Misses == 0 ? 1 : Part(Hits, Hits + Misses);

    /// <summary>Part of the upstream requests that failed, 0 to 1.</summary>
    public double FetchFailureRate => Part(FetchFailures, Fetches);

    /// <summary>Part of the queries that failed, 0 to 1.</summary>
    public double QueryFailureRate => Part(QueryFailures, Queries);

    /// <summary>
    /// The same figures with no one client carrying a verdict: of the failures of the loudest, no more count than make half
    /// of the rate that is one, over what all others asked. The others count in full, so a region that is ill for everybody
    /// shows it.
    /// </summary>
    public TrafficHealth WithoutTheLoudest(FailoverOptions options)
    {
        var errors = Surplus(Loudest, Requests, options.ErrorRate, options.MinRequests);
        var failures = Surplus(LoudestOfQueries, Queries, options.QueryFailureRate, options.MinQueries);
        return this with
        {
            Requests = Requests - errors,
            Errors = Errors - errors,
            Queries = Queries - failures,
            QueryFailures = QueryFailures - failures,
        };
    }

    /// <summary>The sums of both; the slower p95.</summary>
    public TrafficHealth Plus(TrafficHealth other) => new()
    {
        Window = Math.Max(Window, other.Window),
        Requests = Requests + other.Requests,
        Errors = Errors + other.Errors,
        Loudest = Sum(Loudest, other.Loudest),
        Hits = Hits + other.Hits,
        Misses = Misses + other.Misses,
        Fetches = Fetches + other.Fetches,
        FetchFailures = FetchFailures + other.FetchFailures,
        KeptBack = KeptBack + other.KeptBack,
        Queries = Queries + other.Queries,
        QueryFailures = QueryFailures + other.QueryFailures,
        LoudestOfQueries = Sum(LoudestOfQueries, other.LoudestOfQueries),
        P95Milliseconds = Math.Max(P95Milliseconds, other.P95Milliseconds),
    };

    // Failures of the loudest client that do not count.
    private static long Surplus(ImmutableSortedDictionary<string, long> loudest, long all, double rate, long least)
    {
        var most = loudest.Values.DefaultIfEmpty().Max();
        return most - Math.Min(most, (long)(rate / 2 * Math.Max(least, all - most)));
    }

    internal static ImmutableSortedDictionary<string, long> Sum(ImmutableSortedDictionary<string, long> some, ImmutableSortedDictionary<string, long> others) =>
        others.Aggregate(some, static (sum, more) => sum.SetItem(more.Key, sum.GetValueOrDefault(more.Key) + more.Value));

    internal static double Part(long some, long all) => all == 0 ? 0 : (double)some / all;
}

/// <summary>
/// Sums over a longer time, and over the one before it. Each member knows its own, so that they survive a change of the
/// authority.
/// </summary>
internal sealed record LastingTraffic
{
    /// <summary>Seconds that the sums cover: less than is asked for while the member is young.</summary>
    public double Window { get; init; }

    /// <summary>What was counted in it.</summary>
    public TrafficTotals Last { get; init; }

    /// <summary>What was counted in as long a time before.</summary>
    public TrafficTotals Before { get; init; }

    /// <summary>Part answered from what was here, 0 to 1; 1 when nothing was asked.</summary>
    public double HitRatio => Last.Asked == 0 ? 1 : TrafficHealth.Part(Last.Hits, Last.Asked);

    /// <summary>By how much the part of failing upstream requests has risen.</summary>
    public double FetchFailureRise => TrafficHealth.Part(Last.FetchFailures, Last.Fetches) - TrafficHealth.Part(Before.FetchFailures, Before.Fetches);

    /// <summary>The sums of both.</summary>
    public LastingTraffic Plus(LastingTraffic other) => new()
    {
        Window = Math.Max(Window, other.Window),
        Last = Last + other.Last,
        Before = Before + other.Before,
    };
}
