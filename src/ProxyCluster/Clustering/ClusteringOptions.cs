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
    [AllowedValues("orleans", "local")]
    public string Engine { get; set; } = "orleans";

    /// <summary>
    /// Where membership and grain state are kept: <c>memory</c> (default: a cluster of one), <c>etcd://a:2379,b:2379</c>,
    /// <c>redis://host:6379</c> or <c>azure://CONNECTION-STRING</c>; Orleans' own sections <c>Orleans:Clustering</c> and
    /// <c>Orleans:GrainStorage:Default</c> stand in its place. Every member of a cluster names the same.
    /// </summary>
    [Secret]
    public string Store { get; set; } = "";

    /// <summary>Name of the cluster; clusters with different names share a store without noticing. Default <c>default</c>.</summary>
    [RegularExpression("[A-Za-z0-9._-]{1,64}")]
    public string Name { get; set; } = "default";

    /// <summary>Region of this process, for instance <c>tokyo</c>. Default <c>local</c>.</summary>
    [RegularExpression("[a-z0-9][a-z0-9-]{0,62}")]
    public string Region { get; set; } = "local";

    /// <summary>What this process does: <c>all</c> (default), <c>frontend</c> or <c>silo</c>.</summary>
    public Role Role { get; set; } = Role.All;

    /// <summary>
    /// Where other members reach this process: scheme, host and port. Default: the address it listens on, which only
    /// helps on one machine. Keep it stable across restarts: the silo's share of the keys
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
    /// File with the secret that members prove to each other; its content is trimmed. Required in a cluster of
    /// several unless <see cref="Tls"/> is set; with both, both locks hold. Default none.
    /// </summary>
    public string SecretFile { get; set; } = "";

    /// <summary>
    /// SOCKS 5 proxy through which the cluster store (etcd or Redis) and the members and silos of other regions are reached,
    /// <c>socks5://host:port</c>. Default none. It is the place where rehearsals put distance between regions or take the line away.
    /// </summary>
    public Uri? Gateway { get; set; }

    /// <summary><see cref="InternalUrls"/> one by one.</summary>
    public IReadOnlyList<string> InternalAddresses() =>
        InternalUrls.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
