namespace ProxyCluster.Verification;

/// <summary>An answer of the checksum-database mirror.</summary>
/// <param name="Body">The bytes that the database itself serves.</param>
/// <param name="ContentType">Its content type.</param>
/// <param name="MaxAge">How long others may keep it.</param>
/// <param name="IsImmutable">True for full tiles.</param>
/// <param name="FromCache">True when the database was not asked for it this time.</param>
internal sealed record MirrorAnswer(
    ReadOnlyMemory<byte> Body, string ContentType, TimeSpan MaxAge, bool IsImmutable, bool FromCache);
