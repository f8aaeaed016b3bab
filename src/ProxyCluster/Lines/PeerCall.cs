namespace ProxyCluster.Lines;

/// <summary>What the door is shown of an internal call.</summary>
/// <param name="Credentials">Value of <see cref="PeerSignature.Header"/>; null where there is none.</param>
/// <param name="Method">Its method.</param>
/// <param name="Receiver">Host and port under which others know this member.</param>
/// <param name="Target">Path and query as sent.</param>
/// <param name="Body">The whole body.</param>
/// <param name="IsCertified">True when the caller showed a certificate of the cluster's authority.</param>
internal readonly record struct PeerCall(
    string? Credentials, string Method, string Receiver, string Target, ReadOnlyMemory<byte> Body, bool IsCertified);
