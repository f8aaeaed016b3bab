namespace ProxyCluster.GoModules.Names;

/// <summary>A version cut into its parts, as slices of the text that it was read from: nothing is allocated.</summary>
internal readonly ref struct SemverParts
{
    public ReadOnlySpan<char> Major { get; private init; }

    /// <summary><c>0</c> where the text has none.</summary>
    public ReadOnlySpan<char> Minor { get; private init; }

    /// <summary><c>0</c> where the text has none.</summary>
    public ReadOnlySpan<char> Patch { get; private init; }

    /// <summary>How many of the three numbers are written down.</summary>
    public int Numbers { get; private init; }

    /// <summary>With its leading dash, or empty.</summary>
    public ReadOnlySpan<char> Prerelease { get; private init; }

    /// <summary>With its leading plus, or empty.</summary>
    public ReadOnlySpan<char> Build { get; private init; }

    public static bool TryParse(ReadOnlySpan<char> text, out SemverParts parts)
    {
        parts = default;
        if (text.IsEmpty || text[0] != 'v')
            return false;

        var rest = text[1..];
        if (!TryTakeNumber(ref rest, out var major))
            return false;

        ReadOnlySpan<char> minor = "0", patch = "0", prerelease = [], build = [];
        var numbers = 1;
        if (!rest.IsEmpty)
        {
            if (!TryTakeDotNumber(ref rest, out minor))
                return false;
            numbers = 2;
        }

        if (!rest.IsEmpty)
        {
            if (!TryTakeDotNumber(ref rest, out patch))
                return false;
            numbers = 3;
        }

        // Only a full version can carry the rest.
        if (!rest.IsEmpty && rest[0] == '-')
        {
            var plus = rest.IndexOf('+');
            prerelease = plus < 0 ? rest : rest[..plus];
            rest = rest[prerelease.Length..];
            if (!AreIdentifiers(prerelease[1..], areOrdered: true))
                return false;
        }

        if (!rest.IsEmpty)
        {
            build = rest;
            if (build[0] != '+' || !AreIdentifiers(build[1..], areOrdered: false))
                return false;
        }

        parts = new SemverParts
        {
            Major = major,
            Minor = minor,
            Patch = patch,
            Numbers = numbers,
            Prerelease = prerelease,
            Build = build,
        };
        return true;
    }

    private static bool TryTakeDotNumber(scoped ref ReadOnlySpan<char> rest, out ReadOnlySpan<char> number)
    {
        number = [];
        if (rest[0] != '.')
            return false;
        rest = rest[1..];
        return TryTakeNumber(ref rest, out number);
    }

    private static bool TryTakeNumber(scoped ref ReadOnlySpan<char> rest, out ReadOnlySpan<char> number)
    {
        var end = rest.IndexOfAnyExceptInRange('0', '9');
        number = end < 0 ? rest : rest[..end];
        rest = rest[number.Length..];
        return !number.IsEmpty && (number.Length == 1 || number[0] != '0');
    }

    // Identifiers that take part in the order may have no second spelling, so their numbers have no leading zeros.
    private static bool AreIdentifiers(ReadOnlySpan<char> text, bool areOrdered)
    {
        foreach (var range in text.Split('.'))
        {
            var identifier = text[range];
            if (identifier.IsEmpty)
                return false;
            foreach (var c in identifier)
            {
                if (!char.IsAsciiLetterOrDigit(c) && c != '-')
                    return false;
            }

            if (areOrdered && identifier.Length > 1 && identifier[0] == '0' && Decimals.IsDigits(identifier))
                return false;
        }

        return true;
    }
}
