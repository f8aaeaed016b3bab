namespace ProxyCluster.GoModules.Names;

/// <summary>
/// Semantic versions as Go reads them (spec §1): <c>vMAJOR[.MINOR[.PATCH[-PRERELEASE][+BUILD]]]</c>, numbers of any
/// length. Every member takes any text and none throws; what is no version is less than what is one.
/// </summary>
public static class Semver
{
    /// <summary>Sorts ascending by precedence, and versions that precedence cannot tell apart by their text.</summary>
    public static IComparer<string> Order { get; } = Comparer<string>.Create(static (a, b) =>
        Compare(a, b) is var byValue and not 0 ? byValue : string.CompareOrdinal(a, b));

    /// <summary>True for full and short forms (<c>v1</c>, <c>v1.2</c>).</summary>
    public static bool IsValid(ReadOnlySpan<char> version) => SemverParts.TryParse(version, out _);

    /// <summary>True if <see cref="CanonicalOrNull"/> changes nothing: three numbers, no build but <c>+incompatible</c>.</summary>
    public static bool IsCanonical(ReadOnlySpan<char> version) =>
        SemverParts.TryParse(version, out var parts) && IsCanonical(parts);

    /// <summary>
    /// The form that names a module version: missing numbers filled with zeros, build metadata dropped unless it is
    /// exactly <c>+incompatible</c>. Null if the text is no version.
    /// </summary>
    public static string? CanonicalOrNull(string version)
    {
        if (!SemverParts.TryParse(version, out var parts))
            return null;
        return IsCanonical(parts) ? version : $"v{parts.Major}.{parts.Minor}.{parts.Patch}{parts.Prerelease}";
    }

    /// <summary>
    /// Precedence (Semantic Versioning 2.0.0 §11): negative, zero or positive. Build metadata is ignored, and two texts
    /// that are no versions are equal.
    /// </summary>
    public static int Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        var aIsValid = SemverParts.TryParse(a, out var x);
        var bIsValid = SemverParts.TryParse(b, out var y);
        if (!aIsValid || !bIsValid)
            return aIsValid.CompareTo(bIsValid);

        var order = Decimals.Compare(x.Major, y.Major);
        if (order == 0)
            order = Decimals.Compare(x.Minor, y.Minor);
        if (order == 0)
            order = Decimals.Compare(x.Patch, y.Patch);
        return order == 0 ? ComparePrerelease(x.Prerelease, y.Prerelease) : order;
    }

    /// <summary>The one of higher precedence; <paramref name="a"/> if neither is.</summary>
    public static string Max(string a, string b) => Compare(a, b) < 0 ? b : a;

    /// <summary><c>v2</c> of <c>v2.1.0</c>; empty if the text is no version.</summary>
    public static ReadOnlySpan<char> Major(ReadOnlySpan<char> version) =>
        SemverParts.TryParse(version, out var parts) ? version[..(1 + parts.Major.Length)] : [];

    /// <summary><c>v2.1</c> of <c>v2.1.0</c>; empty if the text is no version.</summary>
    public static string MajorMinor(ReadOnlySpan<char> version) =>
        SemverParts.TryParse(version, out var parts) ? $"v{parts.Major}.{parts.Minor}" : "";

    /// <summary><c>-pre</c> of <c>v2.1.0-pre+meta</c>, with its dash; empty if there is none.</summary>
    public static ReadOnlySpan<char> Prerelease(ReadOnlySpan<char> version) =>
        SemverParts.TryParse(version, out var parts) ? parts.Prerelease : [];

    /// <summary><c>+meta</c> of <c>v2.1.0-pre+meta</c>, with its plus; empty if there is none.</summary>
    public static ReadOnlySpan<char> Build(ReadOnlySpan<char> version) =>
        SemverParts.TryParse(version, out var parts) ? parts.Build : [];

    private static bool IsCanonical(SemverParts parts) =>
        parts.Numbers == 3 && (parts.Build.IsEmpty || parts.Build is "+incompatible");

    private static int ComparePrerelease(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (a.IsEmpty || b.IsEmpty)
            return a.IsEmpty.CompareTo(b.IsEmpty); // a release is above its prereleases

        var left = a[1..].Split('.');
        var right = b[1..].Split('.');
        while (true)
        {
            var hasLeft = left.MoveNext();
            var hasRight = right.MoveNext();
            if (!hasLeft || !hasRight)
                return hasLeft.CompareTo(hasRight);
            var order = CompareIdentifier(a[1..][left.Current], b[1..][right.Current]);
            if (order != 0)
                return order;
        }
    }

    private static int CompareIdentifier(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        var aIsNumber = Decimals.IsDigits(a);
        var bIsNumber = Decimals.IsDigits(b);
        if (aIsNumber != bIsNumber)
            return aIsNumber ? -1 : 1;
        return aIsNumber ? Decimals.Compare(a, b) : a.SequenceCompareTo(b);
    }
}
