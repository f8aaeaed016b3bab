using System.Diagnostics.CodeAnalysis;
using ProxyCluster.Credentials;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.Sockets;

namespace ProxyCluster.Verification;

/// <summary>
/// One checksum database as configured in GOSUMDB's syntax (spec §5): <c>off</c>, <c>name</c>, <c>name+hash+key</c>, or
/// either of the last two followed by a space and a URL.
/// </summary>
/// <param name="Key">The pinned key, whose name is the database's; null for <c>off</c>.</param>
/// <param name="Url">Where it is asked, without userinfo and a trailing slash; null for <c>off</c>.</param>
internal sealed record ChecksumDatabaseSetting(VerifierKey? Key, Uri? Url)
{
    private const string KnownName = "sum.golang.org";
    private const string KnownKey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

    // The same log under another address, for networks that cannot reach the first.
    private const string KnownMirror = "sum.golang.google.cn";

    private const string Allowed =
        $"allowed are off, {KnownName}, {KnownMirror}, or name+hash+key, the latter three also followed by a space and a URL";

    /// <summary>True when the URL was written: then it is the only place where the database is asked.</summary>
    public bool HasOwnUrl { get; private init; }

    /// <summary>What was written after the URL's scheme, userinfo aside; for netrc.</summary>
    public string Address { get; private init; } = "";

    /// <summary>Name and password from the URL, percent-encoded as they stood; empty for none.</summary>
    public string UserInfo { get; private init; } = "";

    /// <summary>Where it is asked, and with which login; not for <c>off</c>.</summary>
    public NamedPlace Place(Logins logins) => new(logins, Url!, Address, Login.FromUserinfoOrNull(UserInfo));

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
            error = $"the checksum database's URL \"{WithoutUserInfo(address)}\" is not an absolute http or https URL without a query";
            return false;
        }

        if (url.UserInfo.Length > 0 && url.Scheme == Uri.UriSchemeHttp && !OutboundProxy.IsThisMachine(url))
        {
            error = $"the checksum database's URL \"{WithoutUserInfo(address)}\" would send its password over plain http; use https";
            return false;
        }

        setting = new ChecksumDatabaseSetting(key, new UriBuilder(url) { UserName = "", Password = "" }.Uri)
        {
            HasOwnUrl = words.Length == 2,
            Address = WithoutUserInfo(address)[(url.Scheme.Length + "://".Length)..].TrimEnd('/'),
            UserInfo = url.UserInfo,
        };
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Key} {Url}";

    // Up to the last @, as the eyes read it: a password may hold anything.
    private static string WithoutUserInfo(string address)
    {
        var slashes = address.IndexOf("://", StringComparison.Ordinal);
        var at = address.LastIndexOf('@');
        return slashes < 0 || at < slashes ? address[(at + 1)..] : address[..(slashes + 3)] + address[(at + 1)..];
    }

    private static bool IsNameElement(string element) =>
        element is not ("" or "." or "..") && element.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '~' or ':');
}
