namespace ProxyCluster.Outcomes;

/// <summary>
/// Everything that can keep a request from its answer. Each kind has one status, one cause word and one thing that the
/// <c>go</c> command does next; <see cref="FailureTable"/> is that table. Only the first two are proven absence
/// (design rule 4): an outage must never look like one of them.
/// </summary>
public enum FailureKind
{
    /// <summary>The upstream chain proved that it does not exist (404).</summary>
    NotFound,

    /// <summary>The upstream chain proved that it does not exist any more (410).</summary>
    Gone,

    /// <summary>The request asked for cached answers only and there is none.</summary>
    NotCached,

    /// <summary>The request cannot be parsed as anything that this proxy serves.</summary>
    BadRequest,

    /// <summary>Policy forbids it (upstream list ends with <c>off</c>, an upstream said 403, or a block rule).</summary>
    Blocked,

    /// <summary>Whoever asks may not know whether it exists (404): judged by its name, before anything was looked up.</summary>
    Hidden,

    /// <summary>Whoever asks has not said who he is, and must for this name (401).</summary>
    LoginRequired,

    /// <summary>Whoever asks says who he is, and that cannot be true (401).</summary>
    WrongLogin,

    /// <summary>Who asks cannot be found out now: the identity provider does not answer.</summary>
    LoginUnavailable,

    /// <summary>Asked for in a way that is not built, such as a module in a Mercurial repository.</summary>
    NotSupported,

    /// <summary>Every upstream that could have answered is unreachable, or answered 5xx or 429.</summary>
    UpstreamUnavailable,

    /// <summary>The upstream did not answer within its time limits.</summary>
    UpstreamTimeout,

    /// <summary>The upstream answered with something that cannot be right: HTML, a truncated body, another module.</summary>
    UpstreamInvalid,

    /// <summary>Bytes do not match the checksum database, the record or the proof.</summary>
    ChecksumMismatch,

    /// <summary>The checksum database answered something that fails its own proof, or shows a forked log.</summary>
    ChecksumDatabaseInvalid,

    /// <summary>The checksum database cannot be reached, so new artifacts cannot be verified.</summary>
    ChecksumDatabaseUnavailable,

    /// <summary>The checksum database does not know the module version, so it cannot be verified.</summary>
    ChecksumUnknown,

    /// <summary>The store could not be read or written (disk full, I/O error).</summary>
    StoreUnavailable,

    /// <summary>This process refuses more work for the moment, or is shutting down.</summary>
    Overloaded,

    /// <summary>A member of the cluster could not be reached, died, or answered nonsense.</summary>
    PeerUnavailable,

    /// <summary>The cluster passed the request in a circle.</summary>
    LoopDetected,

    /// <summary>A newer member learned what this one has no word for; its own words are passed on.</summary>
    Unknown,
}
