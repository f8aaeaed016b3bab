namespace ProxyCluster.Verification;

/// <summary>The two ways in which a module version's hashes come to be trusted.</summary>
public enum VerificationKind
{
    /// <summary>A checksum database proved them.</summary>
    ChecksumDatabase,

    /// <summary>The module matched a no-sum pattern; the hashes are those of the first fetch.</summary>
    NoSumPattern,
}
