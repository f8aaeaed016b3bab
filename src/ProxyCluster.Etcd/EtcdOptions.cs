using System.ComponentModel.DataAnnotations;

namespace ProxyCluster.Etcd;

/// <summary>
/// How etcd is reached, and under which keys. Membership reads the unnamed options, each grain storage those of its name.
/// </summary>
public sealed class EtcdOptions
{
    /// <summary>
    /// Client URLs of the etcd members, nearest first: scheme, host and port. The first that works is used; the others are
    /// for when it does not. Default none.
    /// </summary>
    public IList<Uri> Endpoints { get; set; } = [];

    /// <summary>
    /// First part of all keys. Default <c>/orleans</c>: then a role in etcd needs reading and writing for the range from
    /// <c>/orleans/</c> to <c>/orleans0</c>.
    /// </summary>
    [Required]
    [RegularExpression(".*[^/]", ErrorMessage = "KeyPrefix must not end with a slash")]
    public string KeyPrefix { get; set; } = "/orleans";

    /// <summary>User name, where etcd has authentication switched on. Default none.</summary>
    public string User { get; set; } = "";

    /// <summary>The user's password. Default none.</summary>
    public string Password { get; set; } = "";

    /// <summary>PEM file with the authorities that sign etcd's certificates. Default: those of the system.</summary>
    public string CaFile { get; set; } = "";

    /// <summary>PEM file with the certificate shown to etcd (its <c>--client-cert-auth</c>). Default none.</summary>
    public string CertFile { get; set; } = "";

    /// <summary>PEM file with the key of <see cref="CertFile"/>. Default none.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>
    /// Time within which one endpoint must answer before the next is asked; 100 ms to 30 s. Default 1 s. Less of it leaves a
    /// frozen member sooner; more of it forgives slow links and elections.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:30")]
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Changes how connections to etcd are made, after everything above was set on the handler: a proxy, a connect
    /// callback. Default nothing; the machine's own proxy settings are not used.
    /// </summary>
    public Action<SocketsHttpHandler>? ConfigureHandler { get; set; }
}
