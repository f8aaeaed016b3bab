namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>Why a checksum database gave no proven answer.</summary>
public enum ChecksumFailureKind
{
    /// <summary>It says that it has no such record or tile.</summary>
    Unknown,

    /// <summary>It cannot be reached, or cannot answer now.</summary>
    Unavailable,

    /// <summary>It was not asked for want of room: the doing of our clients, and no word about the database.</summary>
    Overloaded,

    /// <summary>It answered with something of the wrong form or length.</summary>
    Malformed,

    /// <summary>A tree note is not signed by the pinned key.</summary>
    BadSignature,

    /// <summary>Tiles do not lead to the signed root.</summary>
    ForgedTile,

    /// <summary>The record is not the one that the signed tree has under its number.</summary>
    ForgedRecord,

    /// <summary>The record is genuine and says nothing about the module version that was asked for.</summary>
    AbsentLine,

    /// <summary>Two signed trees contradict each other: the log is not append-only.</summary>
    Fork,

    /// <summary>The tree head that was kept from earlier does not carry the pinned key's signature any more, and no lookup's does.</summary>
    BadStoredHead,
}

/// <summary>Two signed tree notes of which neither is a prefix of the other: proof that their signer misbehaved.</summary>
/// <param name="Known">The note that was kept from earlier.</param>
/// <param name="Presented">The note that contradicts it.</param>
public sealed record ForkEvidence(string Known, string Presented);

/// <summary>A failure as a value.</summary>
/// <param name="Kind">What went wrong.</param>
/// <param name="Message">One sentence for people.</param>
/// <param name="Fork">The two notes, for a fork.</param>
/// <param name="RetryAfter">When the database said to ask again, or null.</param>
public sealed record ChecksumFailure(
    ChecksumFailureKind Kind, string Message, ForkEvidence? Fork = null, TimeSpan? RetryAfter = null)
{
    /// <summary>True for what only an attack or a broken database explains.</summary>
    public bool IsSecurityEvent => Kind is ChecksumFailureKind.BadSignature or ChecksumFailureKind.ForgedTile
        or ChecksumFailureKind.ForgedRecord or ChecksumFailureKind.AbsentLine or ChecksumFailureKind.Fork
        or ChecksumFailureKind.BadStoredHead;
}
