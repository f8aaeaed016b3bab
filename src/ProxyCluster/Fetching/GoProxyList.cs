using System.Diagnostics.CodeAnalysis;
using ProxyCluster.Credentials;
using ProxyCluster.Sockets;

namespace ProxyCluster.Fetching;

/// <summary>
/// A GOPROXY list as <c>go</c> reads it (spec §3): entries parted by <c>,</c> or <c>|</c>, trimmed, empty ones skipped;
/// <c>off</c> ends the list, whatever follows it is not even looked at.
/// </summary>
/// <remarks>
/// Three things are stricter than in go, because a service should say so at start and not at the first miss: a URL may not
/// have a query or a fragment (the request path is appended to it), userinfo over plain http is refused here unless
/// the host is this machine, and <c>direct</c> is refused until we can do it.
/// </remarks>
internal sealed class GoProxyList
{
    private GoProxyList(IReadOnlyList<GoProxyEntry> entries) => Entries = entries;

    /// <summary>The entries in the order in which they are asked; at least one.</summary>
    public IReadOnlyList<GoProxyEntry> Entries { get; }

    /// <summary>Reads a list; otherwise says in one sentence, without any secret, what is wrong with which entry.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out GoProxyList? list, [NotNullWhen(false)] out string? error)
    {
        var entries = new List<GoProxyEntry>();
        list = null;
        error = null;
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            var end = rest.IndexOfAny(',', '|');
            var word = (end < 0 ? rest : rest[..end]).Trim();
            var passesAnyFailure = end >= 0 && rest[end] == '|';
            rest = end < 0 ? [] : rest[(end + 1)..];
            if (word.IsEmpty)
                continue;

            if (word is "direct")
            {
                error = "\"direct\" in the upstream list is not supported yet: name a module proxy, or end the list with \"off\"; clients that list this proxy with \",direct\" still have theirs";
                return false;
            }

            if (word is "off")
            {
                entries.Add(new GoProxyEntry(GoProxyEntryKind.Off, null, false));
                break;
            }

            if (!TryParseUrl(word.ToString(), passesAnyFailure, out var entry, out error))
                return false;

            entries.Add(entry);
        }

        if (entries.Count == 0)
        {
            error = "the upstream list has no entries";
            return false;
        }

        list = new GoProxyList(entries);
        return true;
    }

    /// <summary>The list in its own syntax, without userinfo.</summary>
    public override string ToString() => string.Concat(Entries.Select((entry, i) =>
        i == Entries.Count - 1 ? entry.DisplayName : entry.DisplayName + (entry.PassesAnyFailure ? "|" : ",")));

    private static bool TryParseUrl(
        string word, bool passesAnyFailure, [NotNullWhen(true)] out GoProxyEntry? entry, [NotNullWhen(false)] out string? error)
    {
        entry = null;

        // A bare word is reserved for future words; a host, with or without a path, means https.
        if (word.AsSpan().ContainsAny('.', ':', '/') && !word.Contains(":/", StringComparison.Ordinal) && word[0] != '/')
            word = "https://" + word;

        var shown = WithoutUserinfo(word);
        var colon = word.IndexOf(":/", StringComparison.Ordinal);
        if (colon <= 0)
        {
            error = word[0] == '/'
                ? $"upstream \"{shown}\" has no scheme; a directory is written file://{shown}"
                : $"upstream \"{shown}\" is not a URL or \"off\"";
            return false;
        }

        var kind = word[..colon].ToLowerInvariant() switch
        {
            "http" or "https" => GoProxyEntryKind.Http,
            "file" => GoProxyEntryKind.File,
            _ => (GoProxyEntryKind?)null,
        };
        error = kind is null ? $"upstream \"{shown}\" has a scheme other than https, http and file"
            : !Uri.TryCreate(word, UriKind.Absolute, out var url) ? $"upstream \"{shown}\" is not a valid URL"
            : kind is GoProxyEntryKind.File ? FileFaultOrNull(word, url, shown)
            : HttpFaultOrNull(url, shown);
        if (error is not null)
            return false;

        url = new Uri(word, UriKind.Absolute);
        var login = Login.FromUserinfoOrNull(url.UserInfo);
        if (login is not null && url.Scheme == Uri.UriSchemeHttp && !OutboundProxy.IsThisMachine(url))
        {
            error = $"upstream \"{shown}\" would send its password over plain http; use https";
            return false;
        }

        if (kind is GoProxyEntryKind.Http)
            url = new UriBuilder(url) { UserName = "", Password = "" }.Uri;
        entry = new GoProxyEntry(kind!.Value, url, passesAnyFailure) { Login = login, Address = shown[(colon + 1)..].Trim('/') };
        return true;
    }

    private static string? HttpFaultOrNull(Uri url, string shown) =>
        url.Host.Length == 0 || !url.OriginalString.Contains("://", StringComparison.Ordinal) ? $"upstream \"{shown}\" has no host"
        : url.Query.Length > 0 || url.Fragment.Length > 0 ? $"upstream \"{shown}\" has a query or a fragment; only a path may follow the host"
        : null;

    private static string? FileFaultOrNull(string word, Uri url, string shown) =>
        !word.StartsWith("file:///", StringComparison.OrdinalIgnoreCase) || url.Host.Length > 0
            || url.UserInfo.Length > 0 || word.AsSpan().ContainsAny('?', '#')
            ? $"upstream \"{shown}\" may hold nothing but a path: file:///directory"
            : null;

    // Works on text that may not be a URL at all: everything between the slashes and the last @ of the authority goes.
    internal static string WithoutUserinfo(string word)
    {
        var slashes = word.IndexOf(":/", StringComparison.Ordinal);
        var start = slashes < 0 ? 0 : slashes + 1;
        while (start < word.Length && word[start] == '/')
            start++;

        // A password may hold an unescaped slash, which ends the authority for a parser but not for the eyes: cut at the
        // last @ of all rather than show half of it.
        var at = word.LastIndexOf('@');
        return at < start ? word : word[..start] + word[(at + 1)..];
    }
}
