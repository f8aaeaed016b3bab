using System.Diagnostics.CodeAnalysis;

namespace ProxyCluster.Repositories;

/// <summary>
/// The operator's word on where repositories really are: <c>FROM=TO</c>, the longest FROM counts. It is about modules of his own,
/// and about those whose path says their repository: a stranger's page that names FROM gets FROM, and no way inside.
/// </summary>
internal sealed class UrlRewrites
{
    private readonly IReadOnlyList<(string From, string To)> _rewrites;

    public UrlRewrites(IEnumerable<string> rewrites) => _rewrites =
        [.. rewrites.Select(static text => text.Split('=', 2)).Where(static pair => pair.Length == 2)
            .Select(static pair => (From: pair[0].Trim(), To: pair[1].Trim())).OrderByDescending(static pair => pair.From.Length)];

    /// <summary>What is wrong with one of them, or null.</summary>
    public static string? FaultOrNull(string rewrite) => rewrite.Split('=', 2) switch
    {
        not [{ Length: > 0 }, { Length: > 0 }] => "write it as FROM=TO",
        [_, var to] when !Uri.TryCreate(to.Trim(), UriKind.Absolute, out var url) || !to.Contains("://", StringComparison.Ordinal) || !RepositorySchemes.Any.Contains(url.Scheme) =>
            $"TO has to be an address with {string.Join(", ", RepositorySchemes.Any)}",
        _ => null,
    };

    /// <summary>The address to ask; false where what is left is none that may be asked.</summary>
    /// <param name="schemes">How such a repository may be asked.</param>
    /// <param name="url">The address as the module's path or page has it.</param>
    /// <param name="mayRewrite">No stranger's page named it.</param>
    /// <param name="address">The address to ask.</param>
    /// <param name="fault">Why there is none.</param>
    public bool TryFind(
        RepositorySchemes schemes, string url, bool mayRewrite, [NotNullWhen(true)] out RepositoryAddress? address, [NotNullWhen(false)] out string? fault)
    {
        var (from, to) = _rewrites.FirstOrDefault(pair => mayRewrite && url.StartsWith(pair.From, StringComparison.Ordinal));
        var text = from is null ? url : to + url[from.Length..];
        address = null;
        fault = text.Any(static c => c is <= ' ' or '\x7f') || !Uri.TryCreate(text, UriKind.Absolute, out var uri) || !text.Contains("://", StringComparison.Ordinal)
            ? $"{url} is not the address of a repository"
            : from is not null && IsElsewhere(url.AsSpan(from.Length))
            ? $"{url} leads out of where Direct:Rewrites says that {from} is"
            : !schemes.Allow(uri.Scheme, isRewritten: from is not null)
            ? $"repositories are asked over https and ssh, not over {uri.Scheme}"
            : uri.Scheme != "file" && (!IsHost(uri, text) || uri.UserInfo.StartsWith('-'))
            ? $"{url} names no host"
            : null;
        if (fault is null)
            address = new RepositoryAddress(url, text, new Uri(text), from is not null);
        return fault is null;
    }

    private static bool IsElsewhere(ReadOnlySpan<char> rest)
    {
        foreach (var segment in rest.SplitAny('/', '\\'))
        {
            if (rest[segment] is "." or "..")
                return true;
        }

        return rest.Contains('%');
    }

    // A host becomes a word of a command: a name or an address, and no scope of one; and as git gets it, git must find the same.
    private static bool IsHost(Uri url, string text)
    {
        var authority = text.AsSpan(text.IndexOf("://", StringComparison.Ordinal) + 3);
        authority = authority[..(authority.IndexOfAny("/?#") is >= 0 and var end ? end : authority.Length)];
        var host = url.IdnHost;
        return !text.Contains('\\', StringComparison.Ordinal) && authority.Count('@') <= 1 && !authority[(authority.IndexOf('@') + 1)..].Contains('%')
            && !host.StartsWith('-') && !host.Contains('%', StringComparison.Ordinal)
            && Uri.CheckHostName(host.Trim('[', ']')) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6;
    }
}

/// <summary>Where a repository is.</summary>
/// <param name="Url">As clients see it.</param>
/// <param name="Asked">As git gets it.</param>
/// <param name="Uri">The same, parsed.</param>
/// <param name="IsRewritten">The operator named it, so it may be anywhere.</param>
internal sealed record RepositoryAddress(string Url, string Asked, Uri Uri, bool IsRewritten)
{
    /// <summary>
    /// It is asked for a module of <see cref="DirectOptions.Inside"/>: it may be at private addresses, and gets our logins. A
    /// stranger's page may name the same repository, and must get none of what that brought.
    /// </summary>
    public bool IsInside { get; init; }

    /// <summary>What is kept and known of it goes by this: what insiders' logins brought is not for strangers.</summary>
    public string Key => $"{(IsInside ? "i" : "o")}:{Asked}";

    /// <summary>The same of its host.</summary>
    public string HostKey => $"{IsInside} {Uri.Scheme}://{Uri.Authority}";

    /// <summary>The protocol as git names it.</summary>
    public string Protocol => Uri.Scheme == "git+ssh" ? "ssh" : Uri.Scheme;
}
