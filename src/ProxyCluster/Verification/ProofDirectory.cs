namespace ProxyCluster.Verification;

/// <summary>
/// Where what checksum databases have proven is kept, a directory for each. Whoever owns the data directory registers
/// it: this room does not know what else lies there.
/// </summary>
/// <param name="Path">The directory; it is made when there is something to keep.</param>
internal sealed record ProofDirectory(string Path);
