using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;
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

    public DirectWorld(Action<DirectOptions>? configure = null, HttpMessageHandler? pages = null, GitLogins? logins = null, Action<StorageOptions>? storage = null)
    {
        Options = new DirectOptions { Rewrites = [.. Hosts.Select(host => $"https://{host}/=file://{RepositoriesOf(host)}")], Inside = "vanity.test,gopkg.in" };
        configure?.Invoke(Options);
        storage?.Invoke(Storage);
        Tree = new DataTree(_directory["data"]);
        Tree.Prepare();
        var options = Microsoft.Extensions.Options.Options.Create(Options);
        _program = new LimitedProgram(options, Tree, TimeProvider.System);
        var kept = Microsoft.Extensions.Options.Options.Create(Storage);
        Beside = new BesideFiles(Tree, new Quarantine(Tree, kept, TimeProvider.System, NullLogger<Quarantine>.Instance));
        Space = new MirrorSpace(options, kept, Tree, Beside, TimeProvider.System, NullLogger<MirrorSpace>.Instance, () => FreeBytes(this));
        _guard = new RepositoryGuard(Options, new VerificationOptions(), TimeProvider.System, RedirectGuard.IsInside, pages);
        logins ??= static (_, _) => ValueTask.FromResult<GitLogin?>(null);
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        Mirrors = new GitMirrors(options, new GitProgram(options, _program), _guard, logins, Space, lifetime, TimeProvider.System, NullLogger<GitMirrors>.Instance);
        var calls = new RepositoryCalls(options, _program, _guard, logins, TimeProvider.System, NullLogger<RepositoryCalls>.Instance);
        _mercurial = new HgMirrors(options, _program, calls, Tree, Space, lifetime, TimeProvider.System);
        IRepositoryKind[] kinds = [new GitRepositories(Mirrors, Space, Tree), _mercurial, new SvnRepositories(options, calls, Tree)];
        var discovery = new Discovery(options, _guard, TimeProvider.System);
        Modules = new DirectModules(discovery, kinds, _guard, new UrlRewrites(Options.Rewrites), Tree, options, TimeProvider.System);
        Region = new RegionModules(discovery, _guard, Modules, Others);
        Keeper = new MirrorKeeper(Tree, Mirrors, Space, TimeProvider.System, NullLogger<MirrorKeeper>.Instance);
    }

    /// <summary>Hosts whose repositories are on this disk.</summary>
    public static IReadOnlyList<string> Hosts { get; } = ["github.com", "bitbucket.org", "git.test"];

    public DirectOptions Options { get; }

    public DataTree Tree { get; }

    public DirectModules Modules { get; }

    /// <summary>The same, wherever in the region their mirrors are.</summary>
    public RegionModules Region { get; }

    /// <summary>The mirrors of the region's other silos.</summary>
    public ScriptedMirrors Others { get; } = new();

    public GitMirrors Mirrors { get; }

    /// <summary>What the mirrors may take of this disk.</summary>
    public StorageOptions Storage { get; } = new();

    /// <summary>What the disk has left.</summary>
    public Func<DirectWorld, long> FreeBytes { get; set; } = static _ => long.MaxValue;

    public MirrorSpace Space { get; }

    public BesideFiles Beside { get; }

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

/// <summary>Mirrors of other silos, as a test has them.</summary>
internal sealed class ScriptedMirrors : IRegionMirrors
{
    public bool AreShared { get; set; }

    /// <summary>The repositories that were asked about.</summary>
    public List<string> Asked { get; } = [];

    public Task<Outcome<DirectAnswer>> AskAsync(
        string repository, ProxyPath what, Func<CancellationToken, Task<Outcome<DirectAnswer>>> here, CancellationToken cancel)
    {
        Asked.Add(repository);
        return here(cancel);
    }
}
