using System.ComponentModel.DataAnnotations;

namespace ProxyCluster.Http;

/// <summary>The door that clients come through. Section <c>Http</c>.</summary>
public sealed class HttpOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Http";

    /// <summary>
    /// Path under which modules are served, such as <c>/goproxy</c>; empty for none (the default). Health and metrics
    /// stay at the root.
    /// </summary>
    [RegularExpression("(/[A-Za-z0-9._~-]+)*", ErrorMessage = "must be empty or look like /path, without a final slash")]
    public string BasePath { get; set; } = "";

    /// <summary>
    /// Connections of clients open at once. Default 10,000. A bound on memory, not a target. Past it idle ones give way, and only
    /// health checks and members are let in where there are none. Members have as many again.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; set; } = 10_000;

    /// <summary>
    /// Connections of one address (an IPv6 /64) among them. Default 5,000. Less protects others better; a balancer in front of all
    /// clients is one address.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxConnectionsPerClient { get; set; } = 5_000;

    /// <summary>
    /// Requests of one address under way, over all its connections; past it 503. Default 5,000. Each that its client does not
    /// read costs up to 256 KiB and a file until <see cref="StallTimeout"/>.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxRequestsPerClient { get; set; } = 5_000;

    /// <summary>
    /// Requests and connections of one address within a second that come to nothing: answers 4xx, requests that their client did
    /// not wait for, connections that served for nothing. Past it the address is turned away, but only while this process has too little
    /// processor for what it is asked. Default 1,000, which no build farm comes near; 0 for never. Less protects others better; a
    /// balancer in front of all clients is one address, and would be turned away with all of them.
    /// </summary>
    [Range(0, 1_000_000)]
    public int MaxWastedPerSecond { get; set; } = 1000;

    /// <summary>Bytes of a request line, which bounds the URL. Default 8 KiB; real ones stay under 500 bytes.</summary>
    [Range(256, 65536)]
    public int MaxRequestLineBytes { get; set; } = 8192;

    /// <summary>Bytes of all request headers together. Default 16 KiB.</summary>
    [Range(1024, 1 << 20)]
    public int MaxHeaderBytes { get; set; } = 16384;

    /// <summary>Lines of request headers. Default 64; go sends four, and a chain of balancers adds a dozen.</summary>
    [Range(8, 1000)]
    public int MaxHeaderCount { get; set; } = 64;

    /// <summary>Time for a client to finish its request headers. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan HeaderTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time an idle connection is kept. Default 130 s, above the idle time of common load balancers.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(130);

    /// <summary>
    /// Bytes per second at which a client must take bodies, on average over its connection and after ten seconds of grace;
    /// slower ones are cut off. Default 1 KiB/s.
    /// </summary>
    [Range(1, 1 << 30)]
    public int MinBodyBytesPerSecond { get; set; } = 1024;

    /// <summary>
    /// Answers hits on the threads that wait for sockets instead of handing them over. Default true: a third less processor
    /// time per hit. Only <c>serve</c> heeds it, because it holds for every socket of a process.
    /// </summary>
    public bool InlineSockets { get; set; } = true;

    /// <summary>
    /// Time after which a client that takes nothing of a large body is cut off. Default 2 min. Less of it frees files and
    /// connections sooner; buffers on the way move a megabyte or more at once, so far less cuts off thin lines.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Time for which a front end answers an artifact from its memory (<c>Storage:MemoryBytes</c>) before it asks a silo whether that
    /// would still give it. Default 10 s. More of it spares silos; less lets a withdrawal reach clients sooner where its order did not
    /// reach the front end.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan AskAgainAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Seconds that clients and caches may keep answers to queries. Default 60.</summary>
    [Range(0, 86400)]
    public int QueryMaxAgeSeconds { get; set; } = 60;

    /// <summary>Seconds that clients and caches may keep "it does not exist". Default 10.</summary>
    [Range(0, 86400)]
    public int NegativeMaxAgeSeconds { get; set; } = 10;
}
