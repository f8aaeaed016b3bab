using System.ComponentModel.DataAnnotations;

namespace ProxyCluster.Failover.DnsUpdates;

/// <summary>
/// The records in DNS that follow which regions are in service. Section <c>Failover:Dns</c>, to be the same on every member that may become
/// the authority; used when <see cref="Server"/> is set.
/// </summary>
internal sealed class DnsOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Failover:Dns";

    /// <summary>The zone's primary name server, <c>HOST[:PORT]</c>, which takes dynamic updates (RFC 2136) over TCP. Default none.</summary>
    public string Server { get; set; } = "";

    /// <summary>The zone that it updates, for instance <c>go.example.com</c>.</summary>
    public string Zone { get; set; } = "";

    /// <summary>
    /// File with the key that signs updates (TSIG, HMAC-SHA-256), as <c>tsig-keygen NAME</c> writes it. Read for every update, so that a
    /// key that was replaced is in use at once.
    /// </summary>
    public string KeyFile { get; set; } = "";

    /// <summary>Time for which resolvers may keep a record. Default 30 s. Less of it moves clients sooner, for more questions.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Ttl { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Time after which records that nothing changed are written again, so that what others did to them is undone. Default 1 min.
    /// A server that has them already changes nothing.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Every { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Limit for one update. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A name that holds the addresses of all regions in service, for instance <c>all.go.example.com</c>. Default none.
    /// </summary>
    public string All { get; set; } = "";

    /// <summary>The regions' names and addresses.</summary>
    public List<DnsRegionOptions> Regions { get; set; } = [];
}

/// <summary>How clients find one region.</summary>
internal sealed class DnsRegionOptions
{
    /// <summary>The region.</summary>
    [Required]
    public string Region { get; set; } = "";

    /// <summary>
    /// Its name, for instance <c>tokyo.go.example.com</c>: it holds the region's addresses, or while it is out of service those of the
    /// region that its traffic moves to. Default none: its addresses are for <see cref="DnsOptions.All"/> and for others' names.
    /// Nothing else may use that name's A, AAAA and CNAME records.
    /// </summary>
    public string Name { get; set; } = "";

    /// <summary>Addresses of its front ends, IPv4 and IPv6.</summary>
    public List<string> Addresses { get; set; } = [];
}
