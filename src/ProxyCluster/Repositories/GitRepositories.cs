using ProxyCluster.GoModules.Direct;
using ProxyCluster.Storage;

namespace ProxyCluster.Repositories;

/// <summary>Git's.</summary>
internal sealed class GitRepositories(GitMirrors mirrors, MirrorSpace space, DataTree tree) : IRepositoryKind
{
    public string Name => "git";

    public RepositorySchemes Schemes => RepositorySchemes.Git;

    public Task ProbeAsync(RepositoryAddress address, CancellationToken cancel) => mirrors.ReadRefsAsync(address, cancel);

    public IAskedRepository Open(RepositoryAddress address, bool isLocal, ModulePlace place) => new GitRepository(mirrors, address, isLocal, place, tree);

    public Task ForgetAsync(RepositoryAddress address, long since, CancellationToken cancel) => space.RemoveAsync(mirrors.DirectoryOf(address), since, cancel);
}
