using System.ComponentModel.DataAnnotations;

namespace ProxyCluster.Fetching;

/// <summary>Where modules come from, and how long and how hard each upstream is asked. Section <c>Upstreams</c>.</summary>
internal sealed class UpstreamsOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Upstreams";

    /// <summary>
    /// Follow redirects of a public upstream to loopback, link-local and private addresses. Default false: such a redirect
    /// has this proxy ask, and store, what strangers cannot reach.
    /// </summary>
    public bool AllowPrivateRedirects { get; set; }

    /// <summary>
    /// The upstreams in GOPROXY syntax. Default <c>https://proxy.golang.org</c>. After <c>,</c> the next one is asked only
    /// when the one before proved absence; after <c>|</c> on any failure: more availability, more load on the later ones.
    /// </summary>
    [Required]
    public string List { get; set; } = "https://proxy.golang.org";

    /// <summary>
    /// Which modules each upstream may see. Default: none, which means that every upstream may be asked for every module,
    /// except for private ones (<c>Verification:Private</c>), which are asked of no upstream that is known to be public.
    /// </summary>
    public IReadOnlyList<UpstreamModulesOptions> Modules { get; set; } = [];

    /// <summary>Limit for a TCP connection. Default 5 s. More bears worse networks, less finds a dead upstream sooner.</summary>
    [Span("00:00:00.100", "00:05:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Limit from asking to the end of the answer's headers, redirects included. Default 2 min: the public mirror fetches
    /// what it has never seen within the request and takes close to a minute for a large repository. Less turns such cold
    /// misses into failures; more makes the first requests to a silent upstream slower, until its breaker opens.
    /// </summary>
    [Span("00:00:00.100", "00:30:00")]
    public TimeSpan FirstByteTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Limit for silence within a body. Default 15 s. Less gives up stalled connections sooner.</summary>
    [Span("00:00:00.100", "00:30:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Bytes per second that a body must bring on average once <see cref="SlowStart"/> is over. Default 8192. More ends
    /// trickling upstreams sooner and hurts thin lines.
    /// </summary>
    [Range(1, 1 << 30)]
    public int MinBytesPerSecond { get; set; } = 8192;

    /// <summary>Waiting that <see cref="MinBytesPerSecond"/> forgives. Default 10 s. More forgives longer hiccups.</summary>
    [Span("00:00:00.100", "00:30:00")]
    public TimeSpan SlowStart { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Limit for waiting on the whole body of anything but a zip. Default 1 min.</summary>
    [Span("00:00:00.100", "01:00:00")]
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Limit for waiting on the whole body of a zip. Default 15 min: 500 MiB at 0.6 MB/s.</summary>
    [Span("00:00:00.100", "1.00:00:00")]
    public TimeSpan ZipTotalTimeout { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Largest zip accepted, in bytes. Default 500 MiB, which is also where go stops (spec §4).</summary>
    [Range(1L, 524288000L)]
    public long MaxZipBytes { get; set; } = 524288000;

    /// <summary>Largest go.mod accepted, in bytes. Default 16 MiB, as in the zip rules (spec §4).</summary>
    [Range(1L, 16777216L)]
    public long MaxModBytes { get; set; } = 16777216;

    /// <summary>Largest <c>.info</c> or <c>@latest</c> accepted, in bytes. Default 1 MiB; real ones stay under 1 KiB.</summary>
    [Range(1L, 16777216L)]
    public long MaxInfoBytes { get; set; } = 1048576;

    /// <summary>Largest version list accepted, in bytes. Default 16 MiB: half a million versions.</summary>
    [Range(1L, 268435456L)]
    public long MaxListBytes { get; set; } = 16777216;

    /// <summary>Further tries after a failed one on the same upstream. Default 2. More survives longer hiccups, slower.</summary>
    [Range(0, 10)]
    public int Retries { get; set; } = 2;

    /// <summary>Longest pause before the first retry; doubles with each. The actual pause is random up to it. Default 200 ms.</summary>
    [Span("00:00:00", "00:01:00")]
    public TimeSpan Backoff { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Where the doubling of <see cref="Backoff"/> ends. Default 5 s.</summary>
    [Span("00:00:00", "00:10:00")]
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Longest <c>Retry-After</c> that is waited for within a request. Default 10 s. A longer one ends the try at once and
    /// is passed on to the client.
    /// </summary>
    [Span("00:00:00", "00:10:00")]
    public TimeSpan MaxRetryAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Failures since the last sign of life that open the circuit breaker: connections that could not be made, and modules
    /// that were not answered; all tries of one request, and all requests for one module, count once. Default 3.
    /// </summary>
    [Range(1, 1000)]
    public int BreakerThreshold { get; set; } = 3;

    /// <summary>
    /// Limit for the answer to a probe, which asks for something small that was there before. Default 10 s. More bears
    /// slower upstreams, less finds one that is still away sooner.
    /// </summary>
    [Span("00:00:00.100", "00:05:00")]
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time an open breaker waits before its first probe; doubles with each failed probe. Default 5 s.</summary>
    [Span("00:00:00.100", "01:00:00")]
    public TimeSpan BreakerPause { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Where the doubling of <see cref="BreakerPause"/> ends. Default 2 min. More spares a dead upstream, and finds its return later.</summary>
    [Span("00:00:00.100", "1.00:00:00")]
    public TimeSpan MaxBreakerPause { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Requests that one upstream answers at the same time. Default 64, of which a quarter is for clients that have none. More
    /// fills cold caches faster, at the price of sockets here and rate limits there.
    /// </summary>
    [Range(1, 10000)]
    public int MaxConcurrentRequests { get; set; } = 64;

    /// <summary>
    /// Requests that wait for one upstream's turn; past them the client with most of them is refused with 503. Default 2,000.
    /// More bears larger bursts, at a few kilobytes each.
    /// </summary>
    [Range(0, 100_000)]
    public int MaxWaiting { get; set; } = 2000;

    /// <summary>Limit for waiting on a turn under <see cref="MaxConcurrentRequests"/>. Default 2 min.</summary>
    [Span("00:00:00.100", "01:00:00")]
    public TimeSpan QueueTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Age at which a pooled connection is replaced, so that DNS changes are seen. Default 5 min.</summary>
    [Span("00:00:01", "1.00:00:00")]
    public TimeSpan ConnectionLifetime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The size limit for a sort of thing.</summary>
    public long MaxBytesOf(UpstreamResourceKind kind) => kind switch
    {
        UpstreamResourceKind.Zip => MaxZipBytes,
        UpstreamResourceKind.Mod => MaxModBytes,
        UpstreamResourceKind.List => MaxListBytes,
        _ => MaxInfoBytes,
    };

    /// <summary>The limits under which the body of an answer is read.</summary>
    public UpstreamBodyLimits BodyLimitsOf(UpstreamRequest request) => new(
        request.SizeLimit ?? MaxBytesOf(request.Resource.Kind),
        IdleTimeout,
        SlowStart,
        MinBytesPerSecond,
        request.Resource.Kind is UpstreamResourceKind.Zip ? ZipTotalTimeout : TotalTimeout);

    /// <summary>A range of time spans, bounds included, written so that configuration errors show the same text.</summary>
    private sealed class SpanAttribute : RangeAttribute
    {
        public SpanAttribute(string minimum, string maximum)
            : base(typeof(TimeSpan), minimum, maximum)
        {
            ParseLimitsInInvariantCulture = true;
            ConvertValueInInvariantCulture = true;
        }
    }
}
