using System.Diagnostics.CodeAnalysis;
using ProxyCluster.GoModules.Notes;

namespace ProxyCluster.Verification;

/// <summary>
/// One checksum database as configured in GOSUMDB's syntax (spec §5): <c>off</c>, <c>name</c>, <c>name+hash+key</c>, or
/// either of the last two followed by a space and a URL.
/// </summary>
/// <param name="Key">The pinned key, whose name is the database's; null for <c>off</c>.</param>
/// <param name="Url">Where it is asked, without a trailing slash; null for <c>off</c>.</param>
internal sealed record ChecksumDatabaseSetting(VerifierKey? Key, Uri? Url)
{
    private const string KnownName = "sum.golang.org";
    private const string KnownKey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

    // The same log under another address, for networks that cannot reach the first.
    private const string KnownMirror = "sum.golang.google.cn";

    private const string Allowed =
        $"allowed are off, {KnownName}, {KnownMirror}, or name+hash+key, the latter three also followed by a space and a URL";

    /// <summary>Nothing is looked up.</summary>
    public static ChecksumDatabaseSetting Off { get; } = new(null, null);

    /// <summary>Reads GOSUMDB's syntax; otherwise says in one sentence what is wrong and what is allowed.</summary>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out ChecksumDatabaseSetting? setting, [NotNullWhen(false)] out string? error)
    {
        setting = null;
        error = null;
        var words = text.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (words is ["off"])
        {
            setting = Off;
            return true;
        }

        if (words.Length is not (1 or 2))
        {
            error = $"\"{text}\" is no checksum database: {Allowed}";
            return false;
        }

        var isMirror = words[0] == KnownMirror;
        if (!VerifierKey.TryParse(isMirror || words[0] == KnownName ? KnownKey : words[0], out var key, out error))
        {
            error = words[0].Contains('+', StringComparison.Ordinal)
                ? error
                : $"the checksum database \"{words[0]}\" has no known key: {Allowed}";
            return false;
        }

        // The name becomes part of URLs and a directory's name.
        if (!key.Name.Split('/').All(IsNameElement))
        {
            error = $"the checksum database's name \"{key.Name}\" is not a host name with an optional path";
            return false;
        }

        var address = words.Length == 2 ? words[1] : "https://" + (isMirror ? KnownMirror : key.Name);
        if (!Uri.TryCreate(address.TrimEnd('/'), UriKind.Absolute, out var url)
            || url.Scheme is not ("https" or "http") || url.Query.Length > 0 || url.Fragment.Length > 0)
        {
            error = $"the checksum database's URL \"{address}\" is not an absolute http or https URL without a query";
            return false;
        }

        setting = new ChecksumDatabaseSetting(key, url);
        return true;
    }

    private static bool IsNameElement(string element) =>
        element is not ("" or "." or "..") && element.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '~' or ':');
}
