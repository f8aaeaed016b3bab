using ProxyCluster.Outcomes;

namespace ProxyCluster.Fetching;

/// <summary>
/// Tells an upstream's failure from ours. Invalid or absent content is the upstream's, and another may do better; a full
/// disk, an unreachable checksum database or a policy of our own is not, and asking elsewhere would not help.
/// </summary>
internal static class FailureOrigin
{
    /// <summary>True when the failure says something about the upstream that was asked.</summary>
    public static bool IsUpstream(Failure failure) => failure.Kind is FailureKind.UpstreamInvalid or FailureKind.ChecksumMismatch
        or FailureKind.UpstreamUnavailable or FailureKind.UpstreamTimeout or FailureKind.NotFound or FailureKind.Gone;
}
