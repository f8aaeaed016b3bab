namespace ProxyCluster.GoModules.TransparencyLog;

/// <summary>What a log commits to: how many records it has, and the root hash over all of them.</summary>
/// <param name="Size">Number of records, from 0.</param>
/// <param name="Root">RFC 6962 Merkle tree hash.</param>
public readonly record struct TreeHead(long Size, Digest Root)
{
    /// <summary>The head of a log without records.</summary>
    public static TreeHead Empty { get; } = new(0, MerkleHash.Empty);
}
