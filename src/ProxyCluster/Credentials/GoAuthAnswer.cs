using System.Diagnostics.CodeAnalysis;

namespace ProxyCluster.Credentials;

/// <summary>
/// What a GOAUTH command prints (<c>go help goauth</c>), read as strictly as <c>go</c> does: addresses, an empty line, headers,
/// an empty line, and that again. One fault and nothing of it counts.
/// </summary>
internal static class GoAuthAnswer
{
    /// <summary>Reads it into addresses and the login for each; null for one that takes away what was known.</summary>
    public static bool TryParse(string text, out IReadOnlyList<(string Prefix, Login? Login)> logins, [NotNullWhen(false)] out string? fault)
    {
        // Of the same address the last counts, as everywhere where go sets it again.
        var found = new List<(string, Login?)>();
        logins = found;
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            var prefixes = new List<string>();
            while (true)
            {
                if (!TryTakeLine(ref rest, out var line))
                    return Fault("an empty line after the addresses is missing", out fault);
                if (line.Length == 0)
                    break;
                if (!GoUrl.TryNormalise(line, out var url))
                    return Fault("a line where an address should be is none", out fault);
                prefixes.Add(url);
            }

            var headers = new List<(string Name, string Value)>();
            while (true)
            {
                if (!TryTakeLine(ref rest, out var line))
                    return Fault("an empty line after the headers is missing", out fault);
                if (line.Length == 0)
                    break;
                var colon = line.IndexOf(": ", StringComparison.Ordinal);
                if (colon < 0 || !HeaderRules.IsName(line[..colon]) || !HeaderRules.IsValue(line[(colon + 2)..].Trim()))
                    return Fault("a line where a header should be is none", out fault);
                headers.Add((line[..colon], line[(colon + 2)..].Trim()));
            }

            found.AddRange(prefixes.Select(prefix => (prefix, headers.Count == 0 ? null : Login.Of(headers))));
        }

        fault = null;
        return true;
    }

    private static bool Fault(string what, out string fault)
    {
        fault = what;
        return false;
    }

    private static bool TryTakeLine(ref ReadOnlySpan<char> rest, out string line)
    {
        var end = rest.IndexOf('\n');
        line = end < 0 ? "" : rest[..end].ToString();
        rest = end < 0 ? rest : rest[(end + 1)..];
        return end >= 0;
    }
}
