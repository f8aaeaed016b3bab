using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ProxyCluster.GoModules.Names;

/// <summary>
/// A version made from a commit (spec §1), in one of three forms, each sorting just above what it is based on:
/// <c>vX.0.0-T-R</c> on nothing, <c>vX.Y.(Z+1)-0.T-R</c> on the release <c>vX.Y.Z</c>, <c>vX.Y.Z-pre.0.T-R</c> on the
/// prerelease <c>vX.Y.Z-pre</c>; each may carry <c>+build</c>. T is the commit time in UTC, R the revision.
/// </summary>
/// <param name="BaseOrNull">The version that it is based on, with the build metadata of both; null for the first form.</param>
/// <param name="Time">Commit time, UTC, whole seconds.</param>
/// <param name="Revision">Usually the first 12 hexadecimal digits of the commit hash.</param>
public readonly record struct PseudoVersion(string? BaseOrNull, DateTimeOffset Time, string Revision)
{
    private const string TimeFormat = "yyyyMMddHHmmss";
    private const int TimeLength = 14;

    /// <summary>True if the text has the shape of a pseudo-version. Its time and base may still be impossible.</summary>
    public static bool IsPseudo(ReadOnlySpan<char> version) => TryCut(version, out _, out _, out _, out _);

    /// <summary>Reads a pseudo-version whose time exists and whose base is a version; otherwise says why not.</summary>
    public static bool TryParse(string version, out PseudoVersion pseudo, [NotNullWhen(false)] out string? error)
    {
        pseudo = default;
        if (!TryCut(version, out var parts, out var head, out var time, out var revision))
        {
            error = $"{Quote.Of(version)} is not a pseudo-version";
            return false;
        }

        if (!DateTime.TryParseExact(
            time, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var utc))
        {
            error = $"pseudo-version {Quote.Of(version)} has a time that does not exist";
            return false;
        }

        if (!TryFindBase(parts, head, out var baseOrNull, out var fault))
        {
            error = $"pseudo-version {Quote.Of(version)} {fault}";
            return false;
        }

        pseudo = new PseudoVersion(baseOrNull, new DateTimeOffset(utc, TimeSpan.Zero), revision.ToString());
        error = null;
        return true;
    }

    /// <summary>Makes the pseudo-version for a commit.</summary>
    /// <param name="major">Major version for a commit that is based on nothing (<c>v2</c>); null is <c>v0</c>.</param>
    /// <param name="baseOrNull">The highest version among the commit's ancestors, or null. Decides over <paramref name="major"/>.</param>
    /// <param name="time">Committer time; cut to whole seconds of UTC.</param>
    /// <param name="revision">ASCII letters and digits.</param>
    /// <exception cref="ArgumentException">A part cannot stand in a pseudo-version.</exception>
    public static string Create(string? major, string? baseOrNull, DateTimeOffset time, string revision)
    {
        if (revision.Length == 0 || !revision.All(char.IsAsciiLetterOrDigit))
            throw new ArgumentException($"{Quote.Of(revision)} is not a revision", nameof(revision));

        var tail = $"{time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}-{revision}";
        if (string.IsNullOrEmpty(baseOrNull))
        {
            return Semver.IsValid(major ?? "v0") && Semver.Major(major ?? "v0").SequenceEqual(major ?? "v0")
                ? $"{major ?? "v0"}.0.0-{tail}"
                : throw new ArgumentException($"{Quote.Of(major)} is not a major version", nameof(major));
        }

        if (!SemverParts.TryParse(baseOrNull, out var parts))
            throw new ArgumentException($"{Quote.Of(baseOrNull)} is not a version", nameof(baseOrNull));

        return parts.Prerelease.IsEmpty
            ? $"v{parts.Major}.{parts.Minor}.{Decimals.Increment(parts.Patch)}-0.{tail}{parts.Build}"
            : $"v{parts.Major}.{parts.Minor}.{parts.Patch}{parts.Prerelease}.0.{tail}{parts.Build}";
    }

    /// <summary>
    /// Cuts the prerelease into head, time and revision. The head is empty, <c>0.</c> or <c>pre.0.</c>: which of the
    /// three forms this is.
    /// </summary>
    private static bool TryCut(
        ReadOnlySpan<char> version,
        out SemverParts parts,
        out ReadOnlySpan<char> head,
        out ReadOnlySpan<char> time,
        out ReadOnlySpan<char> revision)
    {
        head = time = revision = [];
        if (!SemverParts.TryParse(version, out parts) || parts.Prerelease.IsEmpty)
            return false;

        var text = parts.Prerelease[1..];
        var dash = text.LastIndexOf('-');
        if (dash < TimeLength)
            return false;

        revision = text[(dash + 1)..];
        time = text[(dash - TimeLength)..dash];
        head = text[..(dash - TimeLength)];
        if (revision.IsEmpty || revision.Contains('.') || !Decimals.IsDigits(time))
            return false;

        return head.IsEmpty
            ? parts.Minor is "0" && parts.Patch is "0"
            : head is "0." || head.EndsWith(".0.", StringComparison.Ordinal);
    }

    private static bool TryFindBase(
        SemverParts parts, ReadOnlySpan<char> head, out string? baseOrNull, [NotNullWhen(false)] out string? fault)
    {
        baseOrNull = null;
        fault = null;
        if (head.IsEmpty)
        {
            if (!parts.Build.IsEmpty)
                fault = "is based on nothing, yet has build metadata";
        }
        else if (head is "0.")
        {
            if (Decimals.DecrementOrNull(parts.Patch) is { } patch)
                baseOrNull = $"v{parts.Major}.{parts.Minor}.{patch}{parts.Build}";
            else
                fault = "is based on a version with a negative patch number";
        }
        else
        {
            baseOrNull = $"v{parts.Major}.{parts.Minor}.{parts.Patch}-{head[..^3]}{parts.Build}";
        }

        return fault is null;
    }
}
