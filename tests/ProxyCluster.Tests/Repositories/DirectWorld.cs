using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using ProxyCluster.Repositories;
using ProxyCluster.Sockets;
using ProxyCluster.Storage;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Repositories;

/// <summary>Modules from repositories, with a data tree of their own and repositories on this disk.</summary>
internal sealed class DirectWorld : IDisposable
{
    private readonly ScratchDirectory _directory = new();
    private readonly LimitedProgram _program;
    private readonly HgMirrors _mercurial;
    private readonly RepositoryGuard _guard;

    public DirectWorld(Action<DirectOptions>? configure = null, HttpMessageHandler? pages = null, GitLogins? logins = null)
    {
        Options = new DirectOptions { Rewrites = [.. Hosts.Select(host => $"https://{host}/=file://{RepositoriesOf(host)}")], Inside = "vanity.test,gopkg.in" };
        configure?.Invoke(Options);
        Tree = new DataTree(_directory["data"]);
        Tree.Prepare();
        var options = Microsoft.Extensions.Options.Options.Create(Options);
        _program = new LimitedProgram(options, Tree, TimeProvider.System);
        _guard = new RepositoryGuard(Options, new VerificationOptions(), TimeProvider.System, RedirectGuard.IsInside, pages);
        logins ??= static (_, _) => ValueTask.FromResult<GitLogin?>(null);
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        Mirrors = new GitMirrors(options, new GitProgram(options, _program), _guard, logins, Tree, lifetime, TimeProvider.System, NullLogger<GitMirrors>.Instance);
        var calls = new RepositoryCalls(options, _program, _guard, logins, TimeProvider.System, NullLogger<RepositoryCalls>.Instance);
        _mercurial = new HgMirrors(options, _program, calls, Tree, lifetime, TimeProvider.System);
        IRepositoryKind[] kinds = [new GitRepositories(Mirrors, Tree), _mercurial, new SvnRepositories(options, calls, Tree)];
        Modules = new DirectModules(new Discovery(options, _guard, TimeProvider.System), kinds, _guard, new UrlRewrites(Options.Rewrites), Tree, options, TimeProvider.System);
        Keeper = new MirrorKeeper(options, Tree, Mirrors, TimeProvider.System, NullLogger<MirrorKeeper>.Instance);
    }

    /// <summary>Hosts whose repositories are on this disk.</summary>
    public static IReadOnlyList<string> Hosts { get; } = ["github.com", "bitbucket.org", "git.test"];

    public DirectOptions Options { get; }

    public DataTree Tree { get; }

    public DirectModules Modules { get; }

    public GitMirrors Mirrors { get; }

    public MirrorKeeper Keeper { get; }

    /// <summary>Where the repositories are, below their hosts' names.</summary>
    public string Repositories => _directory["repositories"];

    /// <summary>Where those of a host are.</summary>
    public string RepositoriesOf(string host) => Path.Combine(Repositories, host) + "/";

    public void Dispose()
    {
        Keeper.Dispose();
        Mirrors.Dispose();
        _guard.Dispose();
        _mercurial.Dispose();
        _program.Dispose();
        _directory.Dispose();
    }
}
