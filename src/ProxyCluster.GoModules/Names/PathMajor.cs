using System.Buffers;

namespace ProxyCluster.GoModules.Names;

/// <summary>
/// The major-version suffix of a module path (spec §1): <c>/v2</c>, or <c>.v1</c> and <c>.v1-unstable</c> under
/// gopkg.in, and which versions fit it.
/// </summary>
internal static class PathMajor
{
    private static readonly SearchValues<char> NumberChars = SearchValues.Create("0123456789.");

    private const string GopkgIn = "gopkg.in/";
    private const string Unstable = "-unstable";

    /// <summary>
    /// Finds where the suffix starts; the length of the path if there is none. False if the path ends with something
    /// that only looks like one (<c>/v1</c>, <c>/v2.0</c>, <c>/v01</c>, gopkg.in without one).
    /// </summary>
    public static bool TryFind(ReadOnlySpan<char> path, out int start)
    {
        start = path.Length;
        return path.StartsWith(GopkgIn, StringComparison.Ordinal) ? TryFindGopkgIn(path, ref start) : TryFindSlash(path, ref start);
    }

    private static bool TryFindSlash(ReadOnlySpan<char> path, ref int start)
    {
        var slash = path.LastIndexOf('/');
        var last = path[(slash + 1)..];
        if (slash < 0 || last.Length < 2 || last[0] != 'v' || last[1..].ContainsAnyExcept(NumberChars))
            return true;

        // v0 and v1 need no suffix, and a version is not a major version.
        if (last.Contains('.') || last[1] == '0' || last is "v1")
            return false;
        start = slash;
        return true;
    }

    private static bool TryFindGopkgIn(ReadOnlySpan<char> path, ref int start)
    {
        var stable = path.EndsWith(Unstable, StringComparison.Ordinal) ? path[..^Unstable.Length] : path;
        var dot = stable.LastIndexOf(".v", StringComparison.Ordinal);
        if (dot < 1)
            return false;

        var number = stable[(dot + 2)..];
        if (number.IsEmpty || number.ContainsAnyExceptInRange('0', '9'))
            return false;
        if (number[0] == '0' && (number.Length > 1 || stable.Length < path.Length))
            return false;
        start = dot;
        return true;
    }

    /// <summary>True if a valid version may stand behind a path with this suffix (<c>""</c>, <c>/v2</c>, <c>.v1</c>).</summary>
    public static bool Fits(ReadOnlySpan<char> suffix, ReadOnlySpan<char> version)
    {
        var major = Semver.Major(version);
        if (suffix.IsEmpty)
            return major is "v0" or "v1" || Semver.Build(version) is "+incompatible";

        if (suffix.EndsWith(Unstable, StringComparison.Ordinal))
            suffix = suffix[..^Unstable.Length];

        // gopkg.in/x.v1 without tags was given v0.0.0 pseudo-versions once, and they are in go.sum files for good.
        return major.SequenceEqual(suffix[1..])
            || (suffix is ".v1" && version.StartsWith("v0.0.0-", StringComparison.Ordinal));
    }
}
