namespace ProxyCluster.Lines;

/// <summary>Marks connections that came in through a listener for members (<c>Cluster:InternalUrls</c>).</summary>
/// <param name="IsCertified">True when such a connection exists only with a certificate of the cluster's authority.</param>
internal sealed record InternalConnection(bool IsCertified);
