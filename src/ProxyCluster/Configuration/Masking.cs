using System.Text.RegularExpressions;

namespace ProxyCluster.Configuration;

/// <summary>Takes what must not be read by others out of a value before it is printed.</summary>
internal static partial class Masking
{
    /// <summary>What stands in a secret's place.</summary>
    public const string Mask = "***";

    private static readonly string[] SecretWords = ["secret", "password", "passwd", "token", "credential", "apikey", "authorization"];

    /// <summary>A whole secret; an empty one stays empty, because "not set" is worth knowing.</summary>
    public static string Secret(string value) => value.Length == 0 ? value : Mask;

    /// <summary>
    /// A value that is not a secret as a whole: hides the user part of every URL in it and the signature of signed ones. Most
    /// values have neither, and where none has, a process starts without expressions.
    /// </summary>
    public static string Text(string value) => value.AsSpan().ContainsAny('@', '=')
        ? SignedQuery().Replace(UserPart().Replace(value, Mask + "@"), "${name}" + Mask)
        : value;

    /// <summary>Whether a key that no room knows sounds like one of a secret (a typo must not print a password).</summary>
    public static bool SoundsSecret(string key) =>
        SecretWords.Any(word => key.Contains(word, StringComparison.OrdinalIgnoreCase));

    // Greedy up to the last '@' before the path, so that an '@' or ',' inside of a password does not end it early.
    [GeneratedRegex(@"(?<=://)[^/\s]*@", RegexOptions.CultureInvariant)]
    private static partial Regex UserPart();

    [GeneratedRegex(@"(?<name>[?&;](sig|token|key|password|signature|access_token)=)[^&;\s]*", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex SignedQuery();
}
