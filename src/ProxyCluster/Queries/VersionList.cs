using System.Text;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Queries;

/// <summary>The body of <c>@v/list</c> (spec §2): tagged versions, one a line, in semver order.</summary>
internal static class VersionList
{
    /// <summary>
    /// The versions of a list body: the first field of each line, valid and canonical ones that fit the path. Pseudo
    /// versions are kept apart, because a list must not carry them but some upstreams' lists do.
    /// </summary>
    public static (List<string> Tagged, List<string> Pseudo) Parse(ModulePath path, ReadOnlySpan<byte> body)
    {
        var tagged = new List<string>();
        var pseudo = new List<string>();
        foreach (var line in Encoding.UTF8.GetString(body).AsSpan().EnumerateLines())
        {
            var field = line.Trim();
            var end = field.IndexOfAny(' ', '\t');
            var version = (end < 0 ? field : field[..end]).ToString();
            if (version.Length == 0 || !ModuleVersion.TryCreate(path, version, out _, out _))
                continue;

            (PseudoVersion.IsPseudo(version) ? pseudo : tagged).Add(version);
        }

        return (tagged, pseudo);
    }

    /// <summary>The body that lists <paramref name="versions"/> once each, ascending.</summary>
    public static byte[] Write(IEnumerable<string> versions)
    {
        var text = new StringBuilder();
        foreach (var version in versions.Distinct(StringComparer.Ordinal).Order(Semver.Order))
            text.Append(version).Append('\n');
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Go's choice of the latest (spec §2): highest release, else highest prerelease, else highest pseudo-version.</summary>
    public static string? LatestOrNull(IEnumerable<string> versions) => versions.MaxBy(v => v, LatestOrder);

    /// <summary>The order behind <see cref="LatestOrNull"/>.</summary>
    public static IComparer<string> LatestOrder { get; } = Comparer<string>.Create(static (a, b) =>
    {
        var rank = Rank(a).CompareTo(Rank(b));
        return rank != 0 ? rank : Semver.Order.Compare(a, b);
    });

    private static int Rank(string version) =>
        PseudoVersion.IsPseudo(version) ? 0 : Semver.Prerelease(version).Length > 0 ? 1 : 2;
}
