using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Advisories;

/// <summary>Releases of Go as advisories about <c>stdlib</c> and <c>toolchain</c> count them.</summary>
public static class GoRelease
{
    /// <summary>
    /// The version of a release: of <c>go1.22</c> it is <c>v1.22.0</c>, of <c>go1.21rc2</c> <c>v1.21.0-rc.2</c>; what is a version
    /// already stays one. Null if it is neither.
    /// </summary>
    public static string? VersionOrNull(string release)
    {
        if (!release.StartsWith("go", StringComparison.Ordinal))
            return Semver.CanonicalOrNull(AdvisoryVersions.WithPrefix(release));

        // What follows a blank names a build, as in "go1.22.1 X:nocoverageredesign".
        var bare = release.Split(' ')[0][2..];
        var letters = bare.AsSpan().IndexOfAnyInRange('a', 'z');
        var numbers = letters < 0 ? bare : bare[..letters];
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
