namespace ProxyCluster.Repositories;

/// <summary>How repositories of one kind may be asked.</summary>
/// <param name="Tried">By anybody, in the order in which <c>go</c> tries them where an address has none.</param>
/// <param name="ByRewrite">Besides, where the operator leads there.</param>
internal sealed record RepositorySchemes(IReadOnlyList<string> Tried, IReadOnlyList<string> ByRewrite)
{
    public static RepositorySchemes Git { get; } = new(["https", "git+ssh", "ssh"], ["http", "file"]);

    public static RepositorySchemes Mercurial { get; } = new(["https", "ssh"], ["http", "file"]);

    public static RepositorySchemes Subversion { get; } = new(["https", "svn+ssh"], ["http", "svn", "file"]);

    /// <summary>All that an operator may lead to.</summary>
    public static IReadOnlyList<string> Any { get; } =
        [.. ((RepositorySchemes[])[Git, Mercurial, Subversion]).SelectMany(static one => one.Tried.Concat(one.ByRewrite)).Distinct(StringComparer.Ordinal)];

    /// <summary>May one be asked so?</summary>
    /// <param name="scheme">The scheme.</param>
    /// <param name="isRewritten">The operator leads there.</param>
    public bool Allow(string scheme, bool isRewritten) => Tried.Contains(scheme) || (isRewritten && ByRewrite.Contains(scheme));
}
