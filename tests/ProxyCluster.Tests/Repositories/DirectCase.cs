using ProxyCluster.TestKit.Repositories;

namespace ProxyCluster.Tests.Repositories;

/// <summary>A repository and what is asked of it.</summary>
/// <param name="Repository">The repository.</param>
/// <param name="Modules">Its modules, as what follows the repository's address in their paths; <c>""</c> is its root.</param>
/// <param name="Versions">Versions that are downloaded, right ones and wrong ones, as <c>/sub@v1.0.0</c>.</param>
/// <param name="Queries">Other names, written likewise.</param>
internal sealed record DirectCase(
    ScriptedRepository Repository, string[] Modules, Func<ScriptedRepository, IEnumerable<string>> Versions, Func<ScriptedRepository, IEnumerable<string>> Queries)
{
    /// <summary>What of the address stands in the modules' paths besides: <c>.git</c>, for one.</summary>
    public string Qualifier { get; init; } = "";

    /// <summary>The path that a page gives it; null where its own is the path.</summary>
    public string? Prefix { get; init; }

    /// <summary>The path of a module of it.</summary>
    public string PathOf(string module) => (Prefix ?? Repository.Path + Qualifier) + module;
}
