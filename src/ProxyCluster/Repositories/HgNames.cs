using System.Security.Cryptography;
using System.Text;
using ProxyCluster.GoModules.Direct;

namespace ProxyCluster.Repositories;

/// <summary>What hg prints about a repository's names, and what go makes of it.</summary>
internal static class HgNames
{
    /// <summary>The commits that names stand for.</summary>
    public const string Revisions = "head() or tag() or bookmark() or tip";

    /// <summary>One line of each: number, hash, branch, whether it is a head and closes it, tags, bookmarks.</summary>
    public const string Template =
        @"{rev}\0{node}\0{branch}\0{ifcontains(rev, revset('head()'), 'h')}\0{get(extras, 'close')}\0{join(tags, '\1')}\0{join(bookmarks, '\1')}\n";

    private const string Tip = "tip";
    private const string Nothing = "0000000000000000000000000000000000000000";

    /// <summary>Reads what <c>hg log</c> prints by <see cref="Template"/>.</summary>
    /// <exception cref="InvalidDataException">It is not that.</exception>
    public static RefTable Parse(string printed)
    {
        var commits = printed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(One).Where(static one => one.Hash != Nothing).OrderBy(static one => one.Number).ToList();

        // A branch is its highest head that is not closed, else its highest; a bookmark comes before what is called likewise.
        var heads = commits.Where(static one => one.IsHead).GroupBy(static one => one.Branch, StringComparer.Ordinal).OrderBy(static branch => branch.Key, StringComparer.Ordinal).ToList();
        var branches = heads.Select(static branch => (branch.Key, (branch.LastOrDefault(static one => !one.IsClosed) ?? branch.Last()).Hash));
        var bookmarks = commits.SelectMany(static one => one.Bookmarks.Select(name => (Name: name, one.Hash))).OrderBy(static one => one.Name, StringComparer.Ordinal).ToList();
        var tags = commits.SelectMany(static one => one.Tags.Where(static tag => tag != Tip).Select(tag => (tag, one.Hash)));

        var sum = new MemoryStream();
        foreach (var branch in heads)
        {
            sum.Write(Encoding.UTF8.GetBytes(branch.Key));
            foreach (var head in branch)
                sum.Write([(byte)' ', .. Convert.FromHexString(head.Hash)]);
            sum.Write("\n"u8);
        }

        foreach (var (name, hash) in bookmarks)
            sum.Write(Encoding.UTF8.GetBytes($"{name}={hash}\n"));
        return RefTable.Of(
            commits.Count == 0 ? null : (Tip, commits[^1].Hash), tags, branches.Concat(bookmarks), "r1:" + Convert.ToBase64String(SHA256.HashData(sum.ToArray())));
    }

    private static Commit One(string line) => line.Split('\0') is [var number, { Length: 40 } hash, var branch, var isHead, var close, var tags, var bookmarks]
        && int.TryParse(number, System.Globalization.CultureInfo.InvariantCulture, out var at)
        ? new Commit(at, hash, branch, isHead.Length > 0, close.Length > 0, Split(tags), Split(bookmarks))
        : throw new InvalidDataException("hg log printed something else than names");

    private static string[] Split(string names) => names.Split('\x1', StringSplitOptions.RemoveEmptyEntries);

    private sealed record Commit(int Number, string Hash, string Branch, bool IsHead, bool IsClosed, string[] Tags, string[] Bookmarks);
}
