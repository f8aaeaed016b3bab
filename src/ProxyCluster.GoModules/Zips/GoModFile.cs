using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Zips;

/// <summary>
/// The lines of a go.mod file that matter outside the <c>go</c> command: <c>module</c>, <c>go</c>, <c>retract</c>,
/// <c>require</c> and <c>replace</c>. Reads line by line and never refuses the rest of the file, as Go reads the go.mod files of
/// dependencies.
/// </summary>
public static partial class GoModFile
{
    /// <summary>
    /// The module path as written, unquoted, alone on its line or in a block; the first if there are several. Null if
    /// there is none, or if it is quoted with escapes, which no path needs.
    /// </summary>
    public static string? ModulePathOrNull(ReadOnlySpan<byte> goMod)
    {
        foreach (var tokens in Statements(goMod))
        {
            if (tokens[0] == "module")
                return tokens.Count == 2 ? UnquoteOrNull(tokens[1]) : null;
        }

        return null;
    }

    /// <summary>
    /// The language version (<c>1.21</c>, <c>1.23.4</c>, <c>1.24rc1</c>); of a malformed one (<c>v1.21.x</c>) what can be
    /// made out of it. Null if there is none, or more than one.
    /// </summary>
    public static string? LanguageVersionOrNull(ReadOnlySpan<byte> goMod)
    {
        string? version = null;
        foreach (var tokens in Statements(goMod))
        {
            if (tokens[0] != "go")
                continue;
            if (tokens.Count != 2 || version is not null)
                return null;
            version = Exact().IsMatch(tokens[1]) ? tokens[1] : Loose().Match(tokens[1]) is { Success: true } m ? m.Groups[1].Value : null;
            if (version is null)
                return null;
        }

        return version;
    }

    /// <summary>The ranges of versions, bounds included, that it takes back. What is no range is none, as in go for the modules of others.</summary>
    public static IReadOnlyList<(string Low, string High)> Retractions(ReadOnlySpan<byte> goMod)
    {
        var found = new List<(string, string)>();
        foreach (var tokens in Statements(goMod))
        {
            var range = tokens switch
            {
                ["retract", "[", var from, ",", var to, "]"] => (VersionOrNull(from), VersionOrNull(to)),
                ["retract", var one and not "["] => (VersionOrNull(one), VersionOrNull(one)),
                _ => default((string?, string?)),
            };
            if (range is ({ } low, { } high))
                found.Add((low, high));
        }

        return found;
    }

    /// <summary>
    /// The module versions that it requires, with what it replaces by others replaced, in its order and as written. What it
    /// replaces by a directory has no version and is left out.
    /// </summary>
    public static IReadOnlyList<(string Path, string Version)> Requirements(ReadOnlySpan<byte> goMod)
    {
        var replaced = Replacements(goMod);
        return [.. Required(goMod)
            .Select(module => ReplacementOrNull(replaced, module.Path, module.Version) is not { } by ? module : by.Version is { } version ? (by.Path, version) : default)
            .Where(static module => module.Path is not null)
            .Distinct()];
    }

    /// <summary>The module versions that it requires, in its order and as written.</summary>
    public static IReadOnlyList<(string Path, string Version)> Required(ReadOnlySpan<byte> goMod) =>
        [.. Statements(goMod).Select(static tokens => tokens.ConvertAll(UnquoteOrNull))
            .Select(static parts => parts is ["require", { } path, { } version] ? (path, version) : default)
            .Where(static module => module.path is not null)];

    /// <summary>What it replaces, at one version or at all (null), by another module or by a directory, which has no version.</summary>
    public static IReadOnlyDictionary<(string Path, string? Version), (string Path, string? Version)> Replacements(ReadOnlySpan<byte> goMod)
    {
        var replaced = new Dictionary<(string Path, string? Version), (string Path, string? Version)>();
        foreach (var tokens in Statements(goMod))
        {
            var parts = tokens.ConvertAll(UnquoteOrNull);
            switch (parts)
            {
                case ["replace", { } old, "=>", { } directory]:
                    replaced[(old, null)] = (directory, null);
                    break;
                case ["replace", { } old, { } version, "=>", { } directory]:
                    replaced[(old, version)] = (directory, null);
                    break;
                case ["replace", { } old, "=>", { } path, { } by]:
                    replaced[(old, null)] = (path, by);
                    break;
                case ["replace", { } old, { } version, "=>", { } path, { } by]:
                    replaced[(old, version)] = (path, by);
                    break;
            }
        }

        return replaced;
    }

    /// <summary>What stands in the place of a module version; null where it is not replaced. A replacement of one version goes before one of all.</summary>
    public static (string Path, string? Version)? ReplacementOrNull(
        IReadOnlyDictionary<(string Path, string? Version), (string Path, string? Version)> replaced, string path, string version) =>
        replaced.TryGetValue((path, version), out var by) || replaced.TryGetValue((path, null), out by) ? by : null;

    /// <summary>True if the language version is this one or a later one.</summary>
    internal static bool IsLanguageAtLeast(string? version, int major, int minor)
    {
        if (version is null || Loose().Match(version + ".") is not { Success: true } match)
            return false;
        var numbers = match.Groups[1].Value.Split('.');
        return (Number(numbers[0]), Number(numbers[1])).CompareTo((major, minor)) >= 0;
    }

    // Longer numbers than any version has are just large.
    private static int Number(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue;

    /// <summary>Every statement as its verb and arguments, blocks resolved; <c>go</c> has no block form.</summary>
    private static IEnumerable<List<string>> Statements(ReadOnlySpan<byte> goMod) => Statements(Encoding.UTF8.GetString(goMod));

    private static IEnumerable<List<string>> Statements(string text)
    {
        string? block = null;
        foreach (var line in text.Split('\n'))
        {
            var tokens = Tokens(line);
            if (tokens.Count == 0)
                continue;

            if (block is not null)
            {
                if (tokens is [")"])
                    block = null;
                else if (block != "go")
                    yield return [block, .. tokens];
            }
            else if (tokens is [.., "("])
            {
                block = tokens[0];
            }
            else if (tokens is not [_, "(", .., ")"])
            {
                yield return tokens;
            }
        }
    }

    private static List<string> Tokens(string line)
    {
        var tokens = new List<string>();
        for (var at = 0; at < line.Length;)
        {
            var c = line[at];
            var end = at + 1;
            if (c is ' ' or '\t' or '\r')
            {
                at++;
                continue;
            }

            if (IsComment(line, at))
                break;
            if (c is '"' or '`')
                end = EndOfQuoted(line, at);
            else if (!IsPunctuation(c))
                while (end < line.Length && !IsPunctuation(line[end]) && !char.IsWhiteSpace(line[end]) && !IsComment(line, end))
                    end++;
            tokens.Add(line[at..end]);
            at = end;
        }

        return tokens;
    }

    private static bool IsComment(string line, int at) => string.CompareOrdinal(line, at, "//", 0, 2) == 0;

    private static bool IsPunctuation(char c) => c is '(' or ')' or '[' or ']' or '{' or '}' or ',';

    private static int EndOfQuoted(string line, int at)
    {
        var quote = line[at];
        for (at++; at < line.Length && line[at] != quote; at++)
        {
            if (quote == '"' && line[at] == '\\')
                at++;
        }

        return Math.Min(at + 1, line.Length);
    }

    private static string? VersionOrNull(string token) => UnquoteOrNull(token) is { } version ? Semver.CanonicalOrNull(version) : null;

    private static string? UnquoteOrNull(string token)
    {
        if (token[0] is not ('"' or '`'))
            return token;
        return token.Length > 2 && token[^1] == token[0] && (token[0] == '`' || !token.Contains('\\')) ? token[1..^1] : null;
    }

    [GeneratedRegex(@"^[1-9][0-9]*\.(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))?([a-z]+[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Exact();

    [GeneratedRegex(@"^v?([1-9][0-9]*\.(?:0|[1-9][0-9]*))([^0-9].*)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Loose();
}
