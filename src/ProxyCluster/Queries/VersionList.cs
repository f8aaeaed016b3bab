using System.Text;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Queries;

/// <summary>The body of <c>@v/list</c> (spec §2): tagged versions, one a line, in semver order.</summary>
internal static class VersionList
{
    /// <summary>
    /// The versions of a list body: the first field of each line, valid and canonical ones that fit the path. Pseudo
    /// versions are kept apart, because a list must not carry them but some upstreams' lists do; each has its time, which is
    /// the line's second field, or else its own.
    /// </summary>
    public static (List<string> Tagged, List<(string Version, DateTimeOffset Time)> Pseudo) Parse(ModulePath path, ReadOnlySpan<byte> body)
    {
        var tagged = new List<string>();
        var pseudo = new List<(string, DateTimeOffset)>();
        foreach (var line in Encoding.UTF8.GetString(body).AsSpan().EnumerateLines())
        {
            var field = line.Trim();
            var end = field.IndexOfAny(' ', '\t');
            var version = (end < 0 ? field : field[..end]).ToString();
            if (version.Length == 0 || !ModuleVersion.TryCreate(path, version, out _, out _))
                continue;

            if (PseudoVersion.IsPseudo(version))
                pseudo.Add((version, end < 0 ? TimeOf(version) : TimeOf(field[end..])));
            else
                tagged.Add(version);
        }

        return (tagged, pseudo);
    }

    /// <summary>Whether a list may carry a version.</summary>
    public static bool IsTagged(ModulePath path, string version) =>
        ModuleVersion.TryCreate(path, version, out _, out _) && !PseudoVersion.IsPseudo(version);

    /// <summary>The body that lists <paramref name="versions"/> once each, ascending.</summary>
    public static byte[] Write(IEnumerable<string> versions)
    {
        var text = new StringBuilder();
        foreach (var version in versions.Distinct(StringComparer.Ordinal).Order(Semver.Order))
            text.Append(version).Append('\n');
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>
    /// The version whose go.mod decides whether <c>+incompatible</c> ones may be the latest: the highest compatible one.
    /// Null where nothing hangs on it.
    /// </summary>
    public static string? DecidingOrNull(IReadOnlyCollection<string> tagged) =>
        tagged.Any(IsIncompatible) ? tagged.Where(static version => !IsIncompatible(version)).Max(Semver.Order) : null;

    /// <summary>
    /// The version that <c>go</c> takes for the latest, or null: the highest release, else the highest prerelease, else the
    /// latest pseudo-version by time.
    /// </summary>
    /// <param name="path">The module.</param>
    /// <param name="tagged">Tagged versions.</param>
    /// <param name="pseudo">Pseudo-versions, each with its time.</param>
    /// <param name="deciding">The go.mod of the <see cref="DecidingOrNull">deciding version</see>; null where there is none.</param>
    public static string? LatestOrNull(
        ModulePath path, IEnumerable<string> tagged, IEnumerable<(string Version, DateTimeOffset Time)> pseudo, byte[]? deciding)
    {
        // What stands for a missing go.mod (spec §2) says no more than the path.
        var onlyCompatible = deciding is not null && !deciding.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes($"module {path}\n"));
        return LatestTaggedOrNull(onlyCompatible ? tagged.Where(static version => !IsIncompatible(version)) : tagged)
            ?? pseudo.Where(static one => one.Time > DateTimeOffset.MinValue)
                .DefaultIfEmpty()
                .MaxBy(static one => one.Time) // the first of equals, as go does
                .Version;
    }

    /// <summary>The highest release, else the highest prerelease.</summary>
    public static string? LatestTaggedOrNull(IEnumerable<string> versions) => versions
        .GroupBy(static version => Semver.Prerelease(version).Length > 0)
        .MinBy(static group => group.Key)?
        .Max(Semver.Order);

    /// <summary>The time of a pseudo-version; the beginning of time where it has none.</summary>
    public static DateTimeOffset TimeOf(string pseudo) => PseudoVersion.TryParse(pseudo, out var parsed, out _) ? parsed.Time : default;

    private static bool IsIncompatible(string version) => Semver.Build(version).Length > 0;

    // Go reads a second field that is no time as the beginning of time.
    private static DateTimeOffset TimeOf(ReadOnlySpan<char> field)
    {
        var text = field.Trim();
        var end = text.IndexOfAny(' ', '\t');
        return VersionInfo.TryParseTime((end < 0 ? text : text[..end]).ToString(), out var time) ? time : default;
    }
}
