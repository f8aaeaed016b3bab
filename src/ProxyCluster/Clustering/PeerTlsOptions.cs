namespace ProxyCluster.Clustering;

/// <summary>
/// Certificates for the calls between members. Section <c>Cluster:Tls</c>; all three files or none. With them the
/// addresses of <c>Cluster:InternalUrls</c> are https, take no connection without a certificate that the authority
/// issued, and this process shows its own to the others. The certificate must be good for both ends (server and client
/// authentication) and name the host of <c>Cluster:Advertise</c> as a subject alternative name, DNS or IP: callers check
/// it. Files are read at start; new ones count after a restart.
/// </summary>
internal sealed class PeerTlsOptions
{
    /// <summary>PEM file with this member's certificate, intermediate ones behind it. Default none.</summary>
    public string CertFile { get; set; } = "";

    /// <summary>PEM file with the key of <see cref="CertFile"/>. Default none.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>
    /// PEM file with the authority that issues members' certificates, and nobody else's: whoever has one is a member.
    /// The system's authorities do not count. Default none.
    /// </summary>
    public string CaFile { get; set; } = "";

    /// <summary>True when members prove themselves by certificates.</summary>
    public bool IsSet => CertFile.Length + KeyFile.Length + CaFile.Length > 0;
}
