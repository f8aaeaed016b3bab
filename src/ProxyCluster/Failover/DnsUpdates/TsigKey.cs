using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace ProxyCluster.Failover.DnsUpdates;

/// <summary>A key that a name server shares with us.</summary>
/// <param name="Name">Its name, which both must use.</param>
/// <param name="Secret">Its bytes.</param>
internal sealed partial record TsigKey(DnsName Name, byte[] Secret)
{
    /// <summary>The one algorithm, which every server of the last fifteen years has (RFC 8945 §6).</summary>
    public const string Algorithm = "hmac-sha256";

    /// <summary>Reads a file; otherwise says in words what is wrong with it, without any of its secrets.</summary>
    public static TsigKey? ReadOrNull(string file, out string? error)
    {
        try
        {
            return ParseOrNull(File.ReadAllText(file), out error) ?? Fail(out error, $"{file}: {error}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Fail(out error, e.Message);
        }
    }

    /// <summary>Reads a key as <c>tsig-keygen</c> writes it.</summary>
    public static TsigKey? ParseOrNull(string text, out string? error)
    {
        var found = Statement().Match(text);
        if (!found.Success)
            return Fail(out error, "there is no statement key \"NAME\" { algorithm …; secret \"…\"; }; as tsig-keygen writes it");
        if (!found.Groups["algorithm"].Value.Equals(Algorithm, StringComparison.OrdinalIgnoreCase))
            return Fail(out error, $"its algorithm is {found.Groups["algorithm"].Value}, and only {Algorithm} will do");
        if (!DnsName.TryParse(found.Groups["name"].Value, out var name))
            return Fail(out error, "its name is none of DNS");

        var secret = new byte[found.Groups["secret"].Length];
        if (!Convert.TryFromBase64String(found.Groups["secret"].Value, secret, out var length) || length == 0)
            return Fail(out error, "its secret is no base64");
        error = null;
        return new TsigKey(name, secret[..length]);
    }

    private static TsigKey? Fail([NotNull] out string? error, string why)
    {
        error = why;
        return null;
    }

    [GeneratedRegex("""^\s*key\s+"?(?<name>[^\s"{]+)"?\s*\{\s*algorithm\s+"?(?<algorithm>[\w.-]+)"?\s*;\s*secret\s+"?(?<secret>[^\s";]+)"?\s*;\s*\}\s*;""", RegexOptions.Multiline | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Statement();
}
