using System.Collections.Immutable;
using ProxyCluster.Clustering;

namespace ProxyCluster.Failover;

/// <summary>
/// Who hears the reports beside the authority, so that its successor knows at once since when everybody is silent: one
/// member in each of two other regions than the authority's, the same for everybody with the same view. Pure functions.
/// </summary>
internal static class Deputies
{
    private const int Most = 2;

    /// <summary>The deputies; none while nobody is known to be the authority.</summary>
    public static ImmutableArray<Member> Of(ClusterView view) => view.AuthorityOrNull is not { } authority
        ? []
        :
        [
            .. view.Members
                .Where(member => member.Region != authority.Region && view.Routing.IsUsable(member.Region))
                .GroupBy(static member => member.Region, StringComparer.Ordinal)
                .OrderBy(static region => region.Key, StringComparer.Ordinal)
                .Take(Most)
                .Select(static region => region.MinBy(static member => member.Id, StringComparer.Ordinal)!),
        ];

    /// <summary>
    /// Is it time for a deputy to take over? Silence counts from the last of four moments: the authority's last report, the
    /// beginning of its office as we saw it, the beginning of our own listening, and our last attempt.
    /// </summary>
    public static bool ShouldTakeOver(
        TimeSpan now, TimeSpan? lastReport, TimeSpan officeSince, TimeSpan listeningSince, TimeSpan? lastAttempt, FailoverOptions options)
    {
        var from = officeSince > listeningSince ? officeSince : listeningSince;
        if (lastReport > from)
            from = lastReport.Value;
        if (lastAttempt > from)
            from = lastAttempt.Value;
        return now - from >= options.TakeOverAfter;
    }
}
