using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using ProxyCluster.GoModules.Direct;

namespace ProxyCluster.GoModules.Tests.Direct;

/// <summary>A repository of up to six commits, in memory: commit 1 has the hash aaaa…, 2 has bbbb….</summary>
internal sealed partial class MemoryRepository : IModuleRepository
{
    private readonly List<(int? Parent, Dictionary<string, string> Files)> _commits = [];
    private readonly SortedDictionary<string, string> _refs = new(StringComparer.Ordinal);
    private int? _current;

    public string Kind => "git";

    public string Url => "https://git.test/r";

    /// <summary>A commit on the last one; a file without content is removed.</summary>
    public MemoryRepository Commit(params (string Path, string? Content)[] files)
    {
        Dictionary<string, string> all = new(_current is { } parent ? _commits[parent - 1].Files : [], StringComparer.Ordinal);
        foreach (var (path, content) in files)
        {
            if (content is null)
                all.Remove(path);
            else
                all[path] = content;
        }

        _commits.Add((_current, all));
        _current = _commits.Count;
        _refs["HEAD"] = Hash(_commits.Count);
        return this;
    }

    /// <summary>The next commit is on this one.</summary>
    public MemoryRepository From(int commit)
    {
        _current = commit;
        return this;
    }

    /// <summary>Tags of the last commit.</summary>
    public MemoryRepository Tag(params string[] names)
    {
        foreach (var name in names)
            _refs["refs/tags/" + name] = Hash(_commits.Count);
        return this;
    }

    /// <summary>A branch at the last commit.</summary>
    public MemoryRepository Branch(string name)
    {
        _refs["refs/heads/" + name] = Hash(_commits.Count);
        return this;
    }

    /// <summary>A commit's number by its hash.</summary>
    public static int NumberOf(string hash) => hash[0] - 'a' + 1;

    /// <summary>A text with <c>{2}</c> for the second commit's time and hash as in a pseudo-version, and <c>[2]</c> for its whole hash.</summary>
    public static string Fill(string text) => Place().Replace(text, static place =>
    {
        var number = int.Parse(place.Value[1..^1], CultureInfo.InvariantCulture);
        return place.Value[0] == '[' ? Hash(number) : $"{TimeOf(number):yyyyMMddHHmmss}-{Hash(number)[..12]}";
    });

    public Task<RefTable> ReadRefsAsync(CancellationToken cancel) =>
        Task.FromResult(RefTable.Parse(string.Concat(_refs.Select(static pair => $"{pair.Value}\t{pair.Key}\n"))));

    public Task<RepositoryCommit?> FindCommitAsync(RevisionTarget target, CancellationToken cancel)
    {
        var found = Enumerable.Range(1, _commits.Count).Where(number => target.Hash is { } hash && Hash(number).StartsWith(hash, StringComparison.Ordinal)).ToList();
        return Task.FromResult(found is [var one] ? new RepositoryCommit(Hash(one), TimeOf(one)) : null);
    }

    public Task<byte[]?> ReadFileAsync(string commit, string path, CancellationToken cancel) =>
        Task.FromResult(_commits[NumberOf(commit) - 1].Files.TryGetValue(path, out var content) ? Encoding.UTF8.GetBytes(content) : null);

    public Task<IReadOnlyCollection<string>> TagsUpToAsync(string commit, CancellationToken cancel) => Task.FromResult<IReadOnlyCollection<string>>(
        [.. _refs.Where(pair => pair.Key.StartsWith("refs/tags/", StringComparison.Ordinal) && IsUpTo(pair.Value, commit)).Select(static pair => pair.Key["refs/tags/".Length..])]);

    public Task<bool> IsBeforeAsync(string tag, string commit, CancellationToken cancel) => Task.FromResult(IsUpTo(_refs["refs/tags/" + tag], commit));

    private bool IsUpTo(string older, string newer)
    {
        for (int? number = NumberOf(newer); number is { } at; number = _commits[at - 1].Parent)
        {
            if (Hash(at) == older)
                return true;
        }

        return false;
    }

    private static string Hash(int number) => new((char)('a' + number - 1), 40);

    private static DateTimeOffset TimeOf(int number) => new(2024, 1, 2, 3, 4, number, TimeSpan.Zero);

    [GeneratedRegex(@"[{[]\d[}\]]")]
    private static partial Regex Place();
}
