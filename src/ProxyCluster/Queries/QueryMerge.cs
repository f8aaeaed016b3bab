using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;

namespace ProxyCluster.Queries;

/// <summary>
/// Keeps answers monotonic, as a pure function: a version seen once does not vanish because a lagging replica of the
/// upstream has not heard of it yet.
/// </summary>
internal static class QueryMerge
{
    /// <summary>The body to serve after upstream answered <paramref name="fresh"/> where <paramref name="known"/> stood.</summary>
    public static byte[] Merge(Query query, QueryAnswer? known, byte[] fresh) => query.Kind switch
    {
        QueryKind.List => MergeLists(query.Path, known, fresh),
        QueryKind.Latest => Later(known, fresh),

        // A branch may be reset to an older commit, so what upstream says last is the answer.
        _ => fresh,
    };

    private static byte[] MergeLists(ModulePath path, QueryAnswer? known, byte[] fresh)
    {
        var versions = VersionList.Parse(path, fresh).Tagged;
        if (known is not null)
            versions.AddRange(VersionList.Parse(path, known.Body).Tagged);
        return VersionList.Write(versions);
    }

    private static byte[] Later(QueryAnswer? known, byte[] fresh) =>
        known is not null
        && VersionInfo.TryParse(known.Body, out var old, out _)
        && VersionInfo.TryParse(fresh, out var offered, out _)
        && VersionList.LatestOrder.Compare(old.Version, offered.Version) > 0
            ? known.Body
            : fresh;
}
