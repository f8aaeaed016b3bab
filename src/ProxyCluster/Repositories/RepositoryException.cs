using ProxyCluster.Outcomes;

namespace ProxyCluster.Repositories;

/// <summary>
/// A repository, a page or git itself did not answer. It passes through the rules of modules, which are about answers only,
/// and becomes an outcome where they end (<see cref="DirectModules"/>).
/// </summary>
internal sealed class RepositoryException(Failure failure) : Exception(failure.Message)
{
    public Failure Failure { get; } = failure;

    /// <summary>It was the mirror that did not answer: without it the repository may.</summary>
    public bool IsOfMirror { get; init; }

    /// <summary>Its host could not be found or connected to: nothing else there will be.</summary>
    public bool IsOfHost { get; init; }
}
