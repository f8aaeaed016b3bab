namespace ProxyCluster.Storage;

/// <summary>What became of a commit.</summary>
internal enum CommitStatus
{
    /// <summary>The artifact is stored and its record names it.</summary>
    Committed,

    /// <summary>Somebody was first with the same content; their copy stays.</summary>
    AlreadyStored,

    /// <summary>What is stored, or proven, hashes differently; nothing was changed.</summary>
    Conflict,
}

/// <summary>The status of a commit, the record as it now is, and for a conflict the sentence that says what differs.</summary>
internal readonly record struct CommitResult(CommitStatus Status, ModuleRecord Record, string? Conflict = null);
