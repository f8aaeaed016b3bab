using System.Net;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Direct;

/// <summary>
/// What a page says about the repository of a path: <c>&lt;meta name="go-import" content="prefix vcs url [subdirectory]"&gt;</c>
/// (spec §6; the fourth field is go 1.25's).
/// </summary>
public static class GoImport
{
    /// <summary>
    /// Everything that a page says, up to the end of its head; module proxies first, and a repository whose prefix has one not
    /// at all. Pages are read as leniently as anybody writes them.
    /// </summary>
    public static IReadOnlyList<RepositoryRoot> Parse(string page)
    {
        var found = new List<RepositoryRoot>();
        foreach (var tag in Tags(page))
        {
            if (tag.Name.Equals("body", StringComparison.OrdinalIgnoreCase) || tag.Name.Equals("/head", StringComparison.OrdinalIgnoreCase))
                break;
            if (!tag.Name.Equals("meta", StringComparison.OrdinalIgnoreCase) || tag.Of("name") != "go-import")
                continue;
            if (tag.Of("content").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is [var prefix, var vcs, var url, .. { Length: < 2 } rest])
                found.Add(new RepositoryRoot(prefix, vcs, url, rest is [var subdirectory] ? subdirectory : ""));
        }

        var proxied = found.Where(static one => one.Vcs == "mod").Select(static one => one.Prefix).ToHashSet(StringComparer.Ordinal);
        return [.. found.Where(static one => one.Vcs == "mod"), .. found.Where(one => one.Vcs != "mod" && !proxied.Contains(one.Prefix))];
    }

    /// <summary>The one that is about a path; otherwise why there is none.</summary>
    public static RepositoryRoot? MatchOrNull(IReadOnlyList<RepositoryRoot> said, ModulePath path, out string? fault)
    {
        RepositoryRoot? match = null;
        fault = null;
        foreach (var one in said)
        {
            if (!RepositoryRoot.Covers(one.Prefix, path.Value))
                continue;
            if (match is { Vcs: "mod" } && one.Vcs != "mod")
                break;
            if (match is not null)
            {
                fault = $"more than one go-import tag is about {path}";
                return null;
            }

            match = one;
        }

        fault = match is null ? $"no go-import tag is about {path}" : FaultOrNull(match);
        return fault is null ? match : null;
    }

    private static string? FaultOrNull(RepositoryRoot root) =>
        !Uri.TryCreate(root.Url, UriKind.Absolute, out var url) || !root.HasScheme ? $"{Quote.Of(root.Url)} is not the address of a repository"
        : url.IsFile ? "a go-import tag may not name a file"
        : root.Subdirectory.Length > 0 && (root.Subdirectory[0] is '/' or '-' || root.Subdirectory.Split('/').Any(static element => element is ".." or ""))
            ? $"{Quote.Of(root.Subdirectory)} is not a subdirectory"
        : null;

    private static IEnumerable<Tag> Tags(string page)
    {
        for (var at = page.IndexOf('<', StringComparison.Ordinal); at >= 0 && at + 1 < page.Length; at = at < page.Length ? page.IndexOf('<', at) : -1)
        {
            if (page.AsSpan(at).StartsWith("<!--"))
                at = After(page, "-->", at + 4);
            else if (page[at + 1] is '?' or '!')
                at = After(page, ">", at + 1);
            else
                yield return ReadTag(page, ref at);
        }
    }

    private static int After(string page, string end, int from) =>
        page.IndexOf(end, from, StringComparison.Ordinal) is var at and >= 0 ? at + end.Length : page.Length;

    private static Tag ReadTag(string page, ref int at)
    {
        var start = ++at;
        while (at < page.Length && !char.IsWhiteSpace(page[at]) && page[at] != '>' && (page[at] != '/' || at == start))
            at++;
        var tag = new Tag(page[start..at]);
        while (at < page.Length && page[at] != '>')
        {
            if (char.IsWhiteSpace(page[at]) || page[at] is '/' or '=')
            {
                at++;
                continue;
            }

            start = at;
            while (at < page.Length && !char.IsWhiteSpace(page[at]) && page[at] is not ('=' or '>' or '/'))
                at++;
            var name = page[start..at];
            tag.Attributes.Add((name, ReadValue(page, ref at)));
        }

        return tag;
    }

    private static string ReadValue(string page, ref int at)
    {
        var look = at;
        while (look < page.Length && char.IsWhiteSpace(page[look]))
            look++;
        if (look >= page.Length || page[look] != '=')
            return "";

        at = look + 1;
        while (at < page.Length && char.IsWhiteSpace(page[at]))
            at++;
        if (at >= page.Length)
            return "";

        int start;
        if (page[at] is '"' or '\'')
        {
            start = at + 1;
            var end = page.IndexOf(page[at], start);
            at = end < 0 ? page.Length : end + 1;
            return WebUtility.HtmlDecode(page[start..(end < 0 ? page.Length : end)]);
        }

        start = at;
        while (at < page.Length && !char.IsWhiteSpace(page[at]) && page[at] != '>')
            at++;
        return WebUtility.HtmlDecode(page[start..at]);
    }

    private sealed record Tag(string Name)
    {
        public List<(string Name, string Value)> Attributes { get; } = [];

        public string Of(string name) =>
            Attributes.Find(attribute => attribute.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value ?? "";
    }
}
