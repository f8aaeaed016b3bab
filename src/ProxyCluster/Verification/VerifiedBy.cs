using ProxyCluster.GoModules.ChecksumDatabase;

namespace ProxyCluster.Verification;

/// <summary>What stands behind the hashes of a record.</summary>
/// <param name="Kind">The sort of authority.</param>
/// <param name="Authority">Name of the checksum database, or the no-sum pattern that matched.</param>
/// <param name="Time">When it was proven, UTC.</param>
/// <param name="Proof">
/// For a checksum database: the record, the signed tree and the inclusion hashes, so that anyone who holds the pinned
/// key can check it again without asking anybody. Null for a no-sum pattern.
/// </param>
public sealed record VerifiedBy(
    VerificationKind Kind,
    string Authority,
    DateTimeOffset Time,
    ChecksumProof? Proof = null);
