using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Advisories;

/// <summary>Versions as advisories write them: <c>1.2.3</c>, <c>v1.2.3</c> and <c>go1.2.3</c> are the same.</summary>
internal static class AdvisoryVersions
{
    /// <summary>With the <c>v</c> of a module version. Not every text that comes of it is a version.</summary>
    public static string WithPrefix(string version)
    {
        var bare = version.AsSpan();
        if (bare.StartsWith("v", StringComparison.Ordinal))
            bare = bare[1..];
        if (bare.StartsWith("go", StringComparison.Ordinal))
            bare = bare[2..];
        if (bare.StartsWith("v", StringComparison.Ordinal) || bare.StartsWith("go", StringComparison.Ordinal))
            return bare.ToString();
        return bare.Length == version.Length - 1 && version[0] == 'v' ? version : $"v{bare}";
    }

    /// <summary>
    /// The module version of a release of Go (<c>go1.22</c> is <c>v1.22.0</c>, <c>go1.21rc2</c> is <c>v1.21.0-rc.2</c>), or of what is a
    /// version already; null if it is neither.
    /// </summary>
    public static string? OfGoOrNull(string version)
    {
        if (!version.StartsWith("go", StringComparison.Ordinal))
            return Semver.CanonicalOrNull(WithPrefix(version));

        // What follows a blank names a build, as in "go1.22.1 X:nocoverageredesign".
        var bare = version.Split(' ')[0][2..];
        var letters = bare.AsSpan().IndexOfAnyInRange('a', 'z');
        var numbers = letters < 0 ? bare : bare[..letters].TrimEnd('-');
        var dots = numbers.Count(static c => c == '.');
        var text = $"v{numbers}{(dots switch { 0 => ".0.0", 1 => ".0", _ => "" })}";
        if (letters >= 0)
        {
            var digits = bare.AsSpan(letters).IndexOfAnyInRange('0', '9');
            if (digits <= 0)
                return null;
            text += $"-{bare.AsSpan(letters, digits)}.{bare.AsSpan(letters + digits)}";
        }

        return dots <= 2 ? Semver.CanonicalOrNull(text) : null;
    }
}
