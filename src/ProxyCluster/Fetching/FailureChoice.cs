using ProxyCluster.Outcomes;

namespace ProxyCluster.Fetching;

/// <summary>What to tell the client when several upstreams were asked in vain.</summary>
/// <remarks>
/// Design rule 4 decides the hard case: with <c>a|b</c>, a unreachable and b saying 404, nothing is proven, since a may
/// hold what b never had. So absence is reported only when <em>every</em> upstream that was asked said absent, and Gone
/// only when every one said gone. Otherwise the most useful of the other failures is reported, in this order: bytes that
/// do not match (somebody must look), invalid content, an outage (asking again may help), a refusal, a way of fetching
/// that is not built. Among equals the last counts, as in go.
/// </remarks>
internal static class FailureChoice
{
    /// <summary>The failure to report for the failures of at least one upstream, in the order they were asked.</summary>
    public static Failure MostUseful(IReadOnlyList<(string Upstream, Failure Failure)> failures)
    {
        var (upstream, chosen) = failures[0];
        for (var i = 1; i < failures.Count; i++)
        {
            if (Rank(failures[i].Failure) >= Rank(chosen))
                (upstream, chosen) = failures[i];
        }

        if (failures.Count == 1 || chosen.IsProvenAbsence)
            return chosen;

        // One line about the others, so that nobody has to guess which upstream was meant to have it.
        var others = failures.Where(f => !ReferenceEquals(f.Failure, chosen))
            .Select(static f => $"{f.Upstream}: {FailureTable.For(f.Failure.Kind).Cause}");
        return chosen with
        {
            Message = $"{chosen.Message}\n({string.Join("; ", others)})",
            RetryAfter = chosen.RetryAfter ?? failures.Max(static f => f.Failure.RetryAfter),
        };
    }

    private static int Rank(Failure failure) => failure.Kind switch
    {
        FailureKind.Gone => 0,
        FailureKind.NotFound => 1,
        FailureKind.NotSupported => 2,
        FailureKind.Blocked => 3,
        FailureKind.UpstreamUnavailable or FailureKind.UpstreamTimeout => 4,
        FailureKind.UpstreamInvalid => 5,
        FailureKind.ChecksumMismatch => 6,
        _ => 7,
    };
}
