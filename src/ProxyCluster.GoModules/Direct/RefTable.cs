using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Direct;

/// <summary>
/// What a repository's names stood for at one moment: branches, tags (of annotated ones the commit behind them) and
/// <c>HEAD</c>. Other names, such as those of changes under review, do not count (spec §6). Mercurial's bookmarks count as its
/// branches do, and Subversion has numbers only.
/// </summary>
public sealed class RefTable
{
    private const string GitHead = "HEAD";
    private const string Branches = "refs/heads/";
    private const string TagNames = "refs/tags/";
    private const int MinHashDigits = 7;
    private const int MinWholeDigits = 12;

    private static readonly SearchValues<char> Forbidden = SearchValues.Create(" ~^:?*[\\\x7f");

    private readonly SortedDictionary<string, string> _commits = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _annotated = new(StringComparer.Ordinal);
    private readonly string _head;
    private readonly bool _numbers;

    private RefTable(string head, bool numbers = false) => (_head, _numbers) = (head, numbers);

    /// <summary>Of a repository that knows commits by numbers, and no names.</summary>
    public static RefTable OfNumbers { get; } = new(GitHead, numbers: true);

    /// <summary>Digits of a whole hash: 40, or 64 in a repository with SHA-256 objects.</summary>
    public int HashDigits { get; private set; } = 40;

    /// <summary>The tip of the default branch, or what stands for it; nothing in an empty repository.</summary>
    public RevisionTarget Head => _numbers ? new RevisionTarget("latest", "HEAD") : _commits.TryGetValue(_head, out var hash) ? new RevisionTarget(_head, hash) : default;

    /// <summary>Can it be told what the tags alone come to? Mercurial keeps them in its files.</summary>
    public bool HasTagSums => _head == GitHead && !_numbers;

    /// <summary>What all names come to, as <c>go</c> writes it into <c>Origin.RepoSum</c>; null where it writes none.</summary>
    public string? RepoSumOrNull { get; private init; }

    /// <summary>Reads what <c>git ls-remote</c> prints; names that git itself would refuse are left out.</summary>
    public static RefTable Parse(string listing)
    {
        var table = new RefTable(GitHead);
        var peeled = new List<(string Ref, string Hash)>();
        foreach (var line in listing.Split('\n'))
        {
            if (line.Split('\t') is not [var hash, var name] || hash.Length is not (40 or 64) || !hash.All(char.IsAsciiHexDigitLower))
                continue;
            var isPeeled = name.EndsWith("^{}", StringComparison.Ordinal);
            var bare = isPeeled ? name[..^3] : name;
            if (bare != GitHead && !IsBranchOrTag(bare))
                continue;
            table.HashDigits = hash.Length;
            if (isPeeled)
                peeled.Add((bare, hash));
            else
                table._commits[bare] = hash;
        }

        foreach (var (name, hash) in peeled)
        {
            if (table._commits.TryGetValue(name, out var tag))
                table._annotated[name] = tag;
            table._commits[name] = hash;
        }

        return table;
    }

    /// <summary>The names of a repository whose tip is called otherwise.</summary>
    /// <param name="tip">Its tip's name and commit; null in an empty one.</param>
    /// <param name="tags">Tags and their commits.</param>
    /// <param name="branches">Branches, and what else moves.</param>
    /// <param name="repoSum">What all of them come to.</param>
    public static RefTable Of(
        (string Name, string Commit)? tip, IEnumerable<(string Name, string Commit)> tags, IEnumerable<(string Name, string Commit)> branches, string repoSum)
    {
        var table = new RefTable(tip?.Name ?? "") { RepoSumOrNull = repoSum };
        foreach (var (name, commit) in tags)
            table._commits[TagNames + name] = commit;
        foreach (var (name, commit) in branches)
            table._commits[Branches + name] = commit;
        if (tip is { } top)
            table._commits[top.Name] = top.Commit;
        return table;
    }

    /// <summary>What a revision may mean: a tag, a branch, <c>HEAD</c>, or the first digits of a commit.</summary>
    public RevisionTarget Find(string revision)
    {
        if (_numbers)
            return FindNumber(revision);
        foreach (var name in (ReadOnlySpan<string>)[TagNames + revision, Branches + revision])
        {
            if (_commits.TryGetValue(name, out var hash))
                return new RevisionTarget(HasTagSums ? name : revision, hash);
        }

        if (revision == _head && Head.Hash is not null)
            return Head;
        if (revision.Length < MinHashDigits || revision.Length > HashDigits || !revision.All(char.IsAsciiHexDigitLower))
            return default;

        // Mercurial tells by itself, and go calls it by what was asked for unless that is as long as in a pseudo-version.
        if (!HasTagSums)
            return new RevisionTarget(revision, revision) { IsByHash = revision.Length >= MinWholeDigits };

        // Any commit that a name stands for; if none, it may lie in the history.
        RevisionTarget found = new(null, revision) { IsByHash = true };
        foreach (var (name, hash) in _commits)
        {
            if (!hash.StartsWith(revision, StringComparison.Ordinal))
                continue;
            if (found.Ref is not null && found.Hash != hash)
                return found with { IsAmbiguous = true };
            found = found.Ref is null ? found with { Ref = name, Hash = hash } : found;
        }

        return found;
    }

    /// <summary>The commit of a tag, or null.</summary>
    public string? TagOrNull(string tag) => _commits.GetValueOrDefault(TagNames + tag);

    /// <summary>What a whole name stands for itself, or null: of an annotated tag the tag, and not the commit behind it.</summary>
    public string? ObjectOrNull(string name) => _annotated.GetValueOrDefault(name) ?? _commits.GetValueOrDefault(name);

    /// <summary>The tags that begin so, in order.</summary>
    public IEnumerable<string> TagsFrom(string prefix) => _commits.Keys
        .Where(name => name.StartsWith(TagNames, StringComparison.Ordinal) && name.AsSpan(TagNames.Length).StartsWith(prefix, StringComparison.Ordinal))
        .Select(static name => name[TagNames.Length..]);

    /// <summary>The tags on a commit, in order.</summary>
    public IReadOnlyList<string> TagsOn(string commit) =>
        [.. _commits.Where(pair => pair.Value == commit && pair.Key.StartsWith(TagNames, StringComparison.Ordinal)).Select(static pair => pair.Key[TagNames.Length..])];

    /// <summary>
    /// What the tags that begin so come to, as <c>go</c> writes it into <c>Origin.TagSum</c>: a client compares it to know
    /// whether an answer still holds.
    /// </summary>
    public string TagSum(string prefix)
    {
        var directory = prefix[..(prefix.LastIndexOf('/') + 1)];
        var text = new StringBuilder();
        foreach (var tag in TagsFrom(prefix))
        {
            var version = tag[directory.Length..];
            if (Semver.CanonicalOrNull(version) is { } canonical && version.StartsWith(canonical, StringComparison.Ordinal) && !PseudoVersion.IsPseudo(version))
                text.Append('"').Append(tag.Replace("\"", "\\\"", StringComparison.Ordinal)).Append("\" ").Append(_commits[TagNames + tag]).Append('\n');
        }

        return "t1:" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>What all names come to: two tables with the same sum are the same.</summary>
    public string Sum => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(_commits.Select(static pair => $"{pair.Key} {pair.Value}\n")))));

    // A revision of Subversion's as its program reads it.
    private static RevisionTarget FindNumber(string revision)
    {
        var digits = revision.StartsWith('r') ? revision[1..] : revision;
        return revision.Equals(GitHead, StringComparison.OrdinalIgnoreCase) ? new RevisionTarget(revision, GitHead)
            : digits.Length is > 0 and <= MinWholeDigits && digits.All(char.IsAsciiDigit) ? new RevisionTarget(revision, digits)
            : default;
    }

    // git-check-ref-format: a server may say anything, and what it says becomes an argument.
    private static bool IsBranchOrTag(string name) =>
        (name.StartsWith(Branches, StringComparison.Ordinal) || name.StartsWith(TagNames, StringComparison.Ordinal))
        && !name.AsSpan().ContainsAny(Forbidden) && !name.Any(static c => c < ' ')
        && !name.Contains("..", StringComparison.Ordinal) && !name.Contains("@{", StringComparison.Ordinal)
        && !name.Split('/').Any(static element => element.Length == 0 || element[0] is '.' or '-' || element[^1] == '.' || element.EndsWith(".lock", StringComparison.Ordinal));
}

/// <summary>What a revision may mean in a repository; the default value is nothing.</summary>
/// <param name="Ref">The name that stands for the commit; null where the revision is a hash that no name stands for.</param>
/// <param name="Hash">The commit, or its first digits.</param>
/// <param name="IsAmbiguous">More than one commit begins so.</param>
public readonly record struct RevisionTarget(string? Ref, string? Hash, bool IsAmbiguous = false)
{
    /// <summary>Asked for by its hash: which name stands for it does not matter.</summary>
    public bool IsByHash { get; init; }
}
