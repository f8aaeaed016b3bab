using ProxyCluster.GoModules.Direct;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.Repositories;

/// <summary>Repositories of one kind: what go-import calls it, how they may be asked, and what asks them.</summary>
internal interface IRepositoryKind
{
    /// <summary><c>git</c>, <c>hg</c> or <c>svn</c>.</summary>
    string Name { get; }

    RepositorySchemes Schemes { get; }

    /// <summary>Does a repository answer at this address?</summary>
    /// <exception cref="RepositoryException">It does not.</exception>
    Task ProbeAsync(RepositoryAddress address, CancellationToken cancel);

    /// <summary>A repository for the length of one question.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="isLocal">Only what is here, for questions whose answer never changes.</param>
    /// <param name="place">Of the module that is asked about.</param>
    IAskedRepository Open(RepositoryAddress address, bool isLocal, ModulePlace place);

    /// <summary>Removes what is here of it, which is damaged.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="since">When it was first looked at: what came later is not what was found damaged.</param>
    /// <param name="cancel">Ends the wait.</param>
    Task ForgetAsync(RepositoryAddress address, long since, CancellationToken cancel);
}

/// <summary>A repository while a question is answered.</summary>
internal interface IAskedRepository : IModuleRepository
{
    /// <summary>The files below a directory at a commit.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="directory">Empty for the root; paths are relative to it.</param>
    /// <param name="cancel">Ends the wait.</param>
    Task<RepositoryFiles> ReadTreeAsync(string commit, string directory, CancellationToken cancel);
}

/// <summary>Files of a repository, which can be read until this is disposed of.</summary>
/// <param name="files">The files.</param>
/// <param name="end">Removes what they are read from.</param>
internal sealed class RepositoryFiles(List<ModuleFile> files, Func<ValueTask> end) : IAsyncDisposable
{
    public List<ModuleFile> Files => files;

    public ValueTask DisposeAsync() => end();
}
