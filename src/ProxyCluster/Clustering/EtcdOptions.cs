using System.ComponentModel.DataAnnotations;
using ProxyCluster.Configuration;

namespace ProxyCluster.Clustering;

/// <summary>How etcd is reached. Section <c>Cluster:Etcd</c>; read with <c>Cluster:Engine</c> etcd only.</summary>
internal sealed class EtcdOptions
{
    /// <summary>
    /// Client URLs of the etcd members, nearest first, <c>http://host:2379,…</c>. The first that works is used; the
    /// others are for when it does not. Default none.
    /// </summary>
    public IList<Uri> Endpoints { get; set; } = [];

    /// <summary>User name, where etcd has authentication switched on. Default none.</summary>
    public string User { get; set; } = "";

    /// <summary>The user's password. Default none.</summary>
    [Secret]
    public string Password { get; set; } = "";

    /// <summary>PEM file with the authorities that sign etcd's certificates. Default: those of the system.</summary>
    public string CaFile { get; set; } = "";

    /// <summary>PEM file with the certificate shown to etcd (its <c>--client-cert-auth</c>). Default none.</summary>
    public string CertFile { get; set; } = "";

    /// <summary>PEM file with the key of <see cref="CertFile"/>. Default none.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>
    /// Time within which one endpoint must answer before the next is asked. Default 1 s. Less of it leaves a frozen
    /// member sooner; more of it forgives slow links. Must leave room for a second attempt within the lease.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:30")]
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Silence on a watch after which its endpoint is asked whether anything was missed, and left if it does not answer.
    /// Default 3 s. Less of it notices a frozen or cut off etcd member sooner and reads more often.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:05:00")]
    public TimeSpan WatchSilence { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Longest pause between two attempts to reach etcd again; pauses grow to it at random. Default 2 s. More of it
    /// spares an etcd that just came back; keep it well under <see cref="ClusteringOptions.ReturnGrace"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(2);
}
