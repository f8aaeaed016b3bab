namespace ProxyCluster.GoModules.Direct;

/// <summary>Where the repository of a module is, and which part of the module's path it covers (spec §6).</summary>
/// <param name="Prefix">The path that stands for the repository's root.</param>
/// <param name="Vcs">Its kind: <c>git</c>, <c>hg</c>, <c>svn</c>, <c>fossil</c>, or <c>mod</c> for a module proxy.</param>
/// <param name="Url">Its address; without a scheme where that has to be found out by trying.</param>
/// <param name="Subdirectory">Where the prefix lies in the repository; empty for its root.</param>
public sealed record RepositoryRoot(string Prefix, string Vcs, string Url, string Subdirectory = "")
{
    /// <summary>False where each of the secure schemes has to be tried.</summary>
    public bool HasScheme => Url.Contains("://", StringComparison.Ordinal);

    /// <summary>The module's path alone says it, and no page does.</summary>
    public bool IsOfPath { get; init; }

    /// <summary>True where <paramref name="path"/> is <paramref name="prefix"/> or lies below it.</summary>
    public static bool Covers(string prefix, string path) =>
        path.StartsWith(prefix, StringComparison.Ordinal) && (path.Length == prefix.Length || path[prefix.Length] == '/');
}
