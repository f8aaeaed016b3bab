namespace ProxyCluster.GoModules.Direct;

/// <summary>
/// A repository as far as modules care. An outage of it surfaces as an exception of the implementation's; what these
/// members return was said by the repository.
/// </summary>
public interface IModuleRepository
{
    /// <summary>What it is kept in, as go-import says it: <c>git</c>, <c>hg</c>, <c>svn</c>.</summary>
    string Kind { get; }

    /// <summary>Its address, as a client may see it.</summary>
    string Url { get; }

    /// <summary>What its names stand for.</summary>
    Task<RefTable> ReadRefsAsync(CancellationToken cancel);

    /// <summary>The commit that a revision means, fetched if need be; null where the repository has none, or several.</summary>
    Task<RepositoryCommit?> FindCommitAsync(RevisionTarget target, CancellationToken cancel);

    /// <summary>The content of a file at a commit; null where there is no such file.</summary>
    Task<byte[]?> ReadFileAsync(string commit, string path, CancellationToken cancel);

    /// <summary>The tags on a commit and on everything before it.</summary>
    Task<IReadOnlyCollection<string>> TagsUpToAsync(string commit, CancellationToken cancel);

    /// <summary>Is the tag on the commit or on something before it?</summary>
    Task<bool> IsBeforeAsync(string tag, string commit, CancellationToken cancel);
}

/// <summary>A commit.</summary>
/// <param name="Hash">All of its digits.</param>
/// <param name="Time">When it was committed, in UTC; Subversion's have fractions of a second.</param>
public sealed record RepositoryCommit(string Hash, DateTimeOffset Time)
{
    /// <summary>Its hash is a number, in twelve digits.</summary>
    public bool IsNumber { get; init; }

    /// <summary>When it was committed, as a pseudo-version says it.</summary>
    public DateTimeOffset Second => Time.AddTicks(-(Time.Ticks % TimeSpan.TicksPerSecond));

    /// <summary>What pseudo-versions name it by.</summary>
    public string ShortHash => Hash[..12];
}
