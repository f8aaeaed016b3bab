using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Repositories;

/// <summary>
/// The mirrors of this region: which of its silos answers for a repository, and the way there. A repository is one silo's, so
/// that it is mirrored once for all silos of the region and fetched once for all who ask.
/// </summary>
internal interface IRegionMirrors
{
    /// <summary>False where all mirrors are this silo's own: nobody else in the region has any.</summary>
    bool AreShared { get; }

    /// <summary>Has a question answered by whose the repository is, or here where that is this silo, or one that does not answer.</summary>
    /// <param name="repository">The repository, as <see cref="RegionModules"/> names it.</param>
    /// <param name="what">The question.</param>
    /// <param name="here">Answers from a mirror of this silo's own.</param>
    /// <param name="cancel">Ends it.</param>
    Task<Outcome<DirectAnswer>> AskAsync(
        string repository, ProxyPath what, Func<CancellationToken, Task<Outcome<DirectAnswer>>> here, CancellationToken cancel);
}
