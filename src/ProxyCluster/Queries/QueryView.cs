using ProxyCluster.GoModules.Protocol;

namespace ProxyCluster.Queries;

/// <summary>
/// What is kept of upstream's answers, and what clients see of it, as pure functions.
/// <para>
/// The newest answer counts: what it says is kept, and nothing of those before it, save the versions that they named and
/// it does not. Such a version may be withdrawn, or unknown to a replica that lags behind the others; nobody can tell
/// which. So it stays listed for a time that is counted from the last answer that named it, which no repetition moves:
/// a replica's forgetting is bridged, a withdrawal is seen, and what one answer made up is over as soon.
/// Nothing but names is bridged: <c>@latest</c> and revisions are what upstream says now.
/// </para>
/// </summary>
internal static class QueryView
{
    /// <summary>A body as it is kept: of a list the tagged versions, in order; anything else as it came.</summary>
    public static byte[] Kept(Query query, byte[] body) =>
        query.Kind == QueryKind.List ? VersionList.Write(VersionList.Parse(query.Path, body).Tagged) : body;

    /// <summary>Whether an answer has the form in which it is kept.</summary>
    public static bool IsKept(Query query, QueryAnswer answer) =>
        Kept(query, answer.Body).AsSpan().SequenceEqual(answer.Body)
        && (answer.ETag is not { } tag || IsSendable(tag))
        && (answer.Bridged is not { } bridged || bridged.Keys.All(version => VersionList.IsTagged(query.Path, version)));

    /// <summary>May a request carry this tag? Upstreams may send others.</summary>
    public static bool IsSendable(string tag) => !tag.AsSpan().ContainsAnyExceptInRange(' ', '~');

    /// <summary>The newest answer, with what is bridged after the one <paramref name="before"/> it.</summary>
    public static QueryAnswer Newest(Query query, QueryAnswer? before, QueryAnswer newest, TimeSpan bridgeFor)
    {
        if (query.Kind != QueryKind.List)
            return newest;

        var named = VersionList.Parse(query.Path, newest.Body).Tagged;
        var left = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        Add(newest.Bridged);
        if (before is not null)
        {
            Add(before.Bridged);
            Add(VersionList.Parse(query.Path, before.Body).Tagged.Select(version => KeyValuePair.Create(version, before.AskedAt)));
        }

        foreach (var version in named)
            left.Remove(version);
        return newest with { Body = VersionList.Write(named), Bridged = left.Count > 0 ? left : null };

        void Add(IEnumerable<KeyValuePair<string, DateTimeOffset>>? versions)
        {
            foreach (var (version, at) in versions ?? [])
            {
                // A clock that has been set back must not make it last longer.
                var seen = at < newest.AskedAt ? at : newest.AskedAt;
                if (newest.AskedAt - seen < bridgeFor && (!left.TryGetValue(version, out var known) || known < seen))
                    left[version] = seen;
            }
        }
    }

    /// <summary>Versions that were known until now, and are named or bridged no more once <paramref name="newest"/> is.</summary>
    public static List<string> Lost(Query query, QueryAnswer? before, QueryAnswer newest, TimeSpan bridgeFor)
    {
        if (query.Kind != QueryKind.List || before is null)
            return [];

        var after = Newest(query, before, newest, bridgeFor);
        return [.. NamesOf(query, before).Except(NamesOf(query, after))];
    }

    /// <summary>An answer that bridges more versions, from when it was given.</summary>
    public static QueryAnswer Bridging(QueryAnswer answer, IReadOnlyCollection<string> versions) => versions.Count == 0 ? answer : answer with
    {
        Bridged = versions.Select(version => KeyValuePair.Create(version, answer.AskedAt)).Concat(answer.Bridged?.AsEnumerable() ?? [])
            .DistinctBy(static pair => pair.Key).ToDictionary(StringComparer.Ordinal),
    };

    private static IEnumerable<string> NamesOf(Query query, QueryAnswer answer) =>
        VersionList.Parse(query.Path, answer.Body).Tagged.Concat(answer.Bridged?.Keys ?? []);

    /// <summary>What clients see of an answer.</summary>
    /// <param name="query">What was asked.</param>
    /// <param name="answer">What is kept.</param>
    /// <param name="stored">Versions that can be had from the store.</param>
    /// <param name="isShown">Which versions of a list may be; null for all.</param>
    public static byte[] Served(Query query, QueryAnswer answer, IReadOnlyCollection<string> stored, Func<string, bool>? isShown = null) =>
        query.Kind != QueryKind.List || (stored.Count == 0 && answer.Bridged is null && isShown is null)
            ? answer.Body
            : VersionList.Write(NamesOf(query, answer).Concat(stored).Where(isShown ?? (static _ => true)));
}
