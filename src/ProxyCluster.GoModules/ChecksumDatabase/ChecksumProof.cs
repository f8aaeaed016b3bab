namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>
/// Everything needed to check, offline and with nothing but the pinned verifier key, that a checksum database holds a
/// record: the record, its number, the signed tree note and the RFC 6962 inclusion proof of the record in that tree.
/// </summary>
/// <param name="Database">Name of the checksum database (<c>sum.golang.org</c>).</param>
/// <param name="RecordId">Zero-based number of the record in the log.</param>
/// <param name="RecordText">The record's go.sum lines, each ending with a newline.</param>
/// <param name="SignedTree">The signed tree note in whose tree the record was proven.</param>
/// <param name="Inclusion">Sibling hashes from the leaf to the root (RFC 6962 §2.1.1).</param>
public sealed record ChecksumProof(
    string Database,
    long RecordId,
    string RecordText,
    string SignedTree,
    IReadOnlyList<Digest> Inclusion);
