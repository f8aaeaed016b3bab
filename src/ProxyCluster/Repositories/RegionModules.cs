using ProxyCluster.GoModules.Direct;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Repositories;

/// <summary>
/// Modules straight from their repositories, wherever in this region these are mirrored. The versions of a repository and the
/// queries about it are many silos' to own and to store; to look into it is one's.
/// </summary>
internal sealed class RegionModules(Discovery discovery, RepositoryGuard guard, DirectModules modules, IRegionMirrors mirrors)
{
    // A page names a repository as it likes, and its name is kept for as long as somebody answers for it.
    private const int MaxName = 1024;

    /// <summary>Answers what a path of the protocol asks, from a repository that is said to be the module's or from that which its name leads to.</summary>
    public async Task<Outcome<DirectAnswer>> AskAsync(ProxyPath what, RepositoryRoot? said, CancellationToken cancel)
    {
        // 1. Nobody to share with? Who says where a module is, says it to each silo, not to all at the same instant: another's mirror may be of the one before.
        if (said is not null || !mirrors.AreShared)
            return await HereAsync(cancel);

        // 2. Whose is it? Where pages lead, every silo finds out by itself: that is no mirror's to know.
        var path = what.Asked is Asked.Artifact ? what.Module.Path : what.Query.Path;
        RepositoryRoot root;
        try
        {
            root = await discovery.FindAsync(path, cancel);
        }
        catch (RepositoryException e)
        {
            return e.Failure;
        }

        // 3. A module proxy needs no mirror.
        return root.Vcs != "mod" && NameOf(root, guard.MayBeInside(path)) is { Length: <= MaxName } name
            ? await mirrors.AskAsync(name, what, HereAsync, cancel)
            : await HereAsync(cancel);

        Task<Outcome<DirectAnswer>> HereAsync(CancellationToken stop) => modules.AskAsync(what, said, stop);
    }

    /// <summary>What a repository is called among silos: the same for all of its modules, and by whatever scheme it is asked.</summary>
    internal static string NameOf(RepositoryRoot root, bool isInside)
    {
        var at = root.Url.IndexOf("://", StringComparison.Ordinal);
        return $"{(isInside ? "inside" : "outside")} {root.Vcs} {(at < 0 ? root.Url : root.Url[(at + 3)..])}";
    }
}
