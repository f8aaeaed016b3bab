namespace ProxyCluster.Outcomes;

/// <summary>
/// The one table from a failure to what a client sees (design rule 4, spec §3). <c>go</c> moves on to the next GOPROXY
/// entry only at 404 and 410, so an outage, a refusal or a mismatch is never one of those.
/// </summary>
public static class FailureTable
{
    /// <summary>One row: HTTP status, the machine-readable cause for <c>X-ProxyCluster-Cause</c>, default Retry-After.</summary>
    public readonly record struct Row(int Status, string Cause, TimeSpan? RetryAfter);

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(30);

    /// <summary>The row of <paramref name="kind"/>.</summary>
    public static Row For(FailureKind kind) => kind switch
    {
        // go: tries the next entry of its GOPROXY.
        FailureKind.NotFound => new(404, "not-found", null),
        FailureKind.Gone => new(410, "gone", null),
        FailureKind.NotCached => new(404, "not-cached", null),
        FailureKind.Hidden => new(404, "not-found", null),

        // go: stops and shows the text.
        FailureKind.BadRequest => new(400, "bad-request", null),
        FailureKind.Blocked => new(403, "blocked", null),
        FailureKind.LoginRequired => new(401, "login-required", null),
        FailureKind.WrongLogin => new(401, "wrong-login", null),
        FailureKind.NotSupported => new(501, "not-supported", null),
        FailureKind.ChecksumMismatch => new(502, "checksum-mismatch", null),
        FailureKind.ChecksumDatabaseInvalid => new(502, "checksum-database-invalid", null),
        FailureKind.UpstreamInvalid => new(502, "upstream-invalid", null),
        FailureKind.ChecksumUnknown => new(502, "checksum-unknown", null),
        FailureKind.LoopDetected => new(508, "loop-detected", null),
        FailureKind.Unknown => new(502, "unknown", null),

        // go: stops and shows the text; asking again later may help.
        FailureKind.UpstreamUnavailable => new(502, "upstream-unavailable", Soon),
        FailureKind.PeerUnavailable => new(502, "peer-unavailable", Soon),
        FailureKind.UpstreamTimeout => new(504, "upstream-timeout", Soon),
        FailureKind.ChecksumDatabaseUnavailable => new(503, "checksum-database-unavailable", Soon),
        FailureKind.LoginUnavailable => new(503, "login-unavailable", Soon),
        FailureKind.StoreUnavailable => new(503, "store-unavailable", Later),
        FailureKind.Overloaded => new(503, "overloaded", Soon),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no row for this failure"),
    };
}
