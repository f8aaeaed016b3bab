using System.ComponentModel.DataAnnotations;
using ProxyCluster.Configuration;

namespace ProxyCluster.Clustering;

/// <summary>Which cluster this process belongs to, and as what. Section <c>Cluster</c>.</summary>
internal sealed class ClusteringOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Cluster";

    /// <summary>
    /// What holds the cluster together: <c>orleans</c> (default: this process is a silo, alone or with others), or
    /// <c>local</c>, the light one for a process alone.
    /// </summary>
    [AllowedValues("orleans", "local", "etcd")]
    public string Engine { get; set; } = "orleans";

    /// <summary>
    /// Where membership and grain state are kept: <c>memory</c> (default: a cluster of one), <c>redis://host:6379</c> or
    /// <c>azure://CONNECTION-STRING</c>; Orleans' own sections <c>Orleans:Clustering</c> and
    /// <c>Orleans:GrainStorage:Default</c> stand in its place. Every member of a cluster names the same.
    /// </summary>
    [Secret]
    public string Store { get; set; } = "";

    /// <summary>Name of the cluster; clusters with different names share an etcd without noticing. Default <c>default</c>.</summary>
    [RegularExpression("[A-Za-z0-9._-]{1,64}")]
    public string Name { get; set; } = "default";

    /// <summary>Region of this process, for instance <c>tokyo</c>. Default <c>local</c>.</summary>
    [RegularExpression("[a-z0-9][a-z0-9-]{0,62}")]
    public string Region { get; set; } = "local";

    /// <summary>What this process does: <c>all</c> (default), <c>frontend</c> or <c>silo</c>.</summary>
    public Role Role { get; set; } = Role.All;

    /// <summary>
    /// Where other members reach this process: scheme, host and port. Default: the address it listens on, which only
    /// helps on one machine; required with <c>etcd</c>. Keep it stable across restarts: the silo's share of the keys
    /// hangs on it.
    /// </summary>
    public Uri? Advertise { get; set; }

    /// <summary>
    /// Addresses on which members answer each other, separated by <c>;</c>. With them internal endpoints exist nowhere
    /// else and these addresses have nothing else, so that a firewall can tell the two apart; <see cref="Advertise"/> is
    /// then one of these. Default none: internal endpoints share the public addresses, and their signatures are the lock.
    /// </summary>
    public string InternalUrls { get; set; } = "";

    /// <summary>Certificates for the calls between members. Default none.</summary>
    public PeerTlsOptions Tls { get; set; } = new();

    /// <summary>
    /// File with the secret that members prove to each other; its content is trimmed. Required with <c>etcd</c> unless
    /// <see cref="Tls"/> is set; with both, both locks hold. Default none.
    /// </summary>
    public string SecretFile { get; set; } = "";

    /// <summary>
    /// Time without renewal after which the cluster forgets a member, and an authority its office. Default 3 s. Less of
    /// it notices deaths sooner; more of it survives longer pauses (of the process or of the engine) without a change of
    /// view. etcd takes whole seconds and no less than two.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:01:00")]
    public TimeSpan LeaseTtl { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Time between two renewals. Default 1 s; at most a third of the lease, so that one may be lost without harm. Less of
    /// it loses a lease less easily, for more calls to the engine per silo.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:30")]
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Time for which members stay in the view after the engine came back, although their leases ran out meanwhile:
    /// they could not renew them. Default 10 s. Less of it forgets sooner those that died during the outage; more of it
    /// gives slow ones longer to come back before their keys move.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan ReturnGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// SOCKS 5 proxy through which the cluster store (etcd or Redis) and the members and silos of other regions are reached,
    /// <c>socks5://host:port</c>. Default none. It is the place where rehearsals put distance between regions or take the line away.
    /// </summary>
    public Uri? Gateway { get; set; }

    /// <summary>How etcd is reached.</summary>
    public EtcdOptions Etcd { get; set; } = new();

    /// <summary><see cref="InternalUrls"/> one by one.</summary>
    public IReadOnlyList<string> InternalAddresses() =>
        InternalUrls.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
