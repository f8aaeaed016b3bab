using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Direct;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;

namespace ProxyCluster.Repositories;

/// <summary>
/// Subversion's repositories, which are asked themselves: there is no mirror of one without a server's administrator.
/// </summary>
internal sealed class SvnRepositories(IOptions<DirectOptions> options, RepositoryCalls calls, DataTree tree) : IRepositoryKind
{
    private readonly DirectOptions _options = options.Value;

    public string Name => "svn";

    public RepositorySchemes Schemes => RepositorySchemes.Subversion;

    public Task ProbeAsync(RepositoryAddress address, CancellationToken cancel) => AskAsync(address, ["info", "--", address.Asked + "@"], _options.AskTimeout, null, cancel);

    public IAskedRepository Open(RepositoryAddress address, bool isLocal, ModulePlace place) => new SvnRepository(this, address, isLocal, _options, tree);

    public Task ForgetAsync(RepositoryAddress address, long since, CancellationToken cancel) => Task.CompletedTask;

    /// <summary>Asks a repository; what it has not is an answer that is not well.</summary>
    /// <param name="address">The repository.</param>
    /// <param name="arguments">The subcommand and its arguments.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="watch">Looks at what it writes; null where that is nothing.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<ProgramResult> AskAsync(
        RepositoryAddress address, IReadOnlyList<string> arguments, TimeSpan limit, Func<Failure?>? watch, CancellationToken cancel) => calls.AskAsync(
        address,
        ProgramWords.Subversion,
        way => new ProgramCommand(
            address.Url,
            _options.Svn,
            [arguments[0], .. ProgramEnvironment.WordsOfSubversion(Path.Combine(tree.Repositories, LimitedProgram.HomeName, "svn"), way, Environment.GetEnvironmentVariable), .. arguments.Skip(1)],
            limit,
            home => ProgramEnvironment.OfSubversion(home, way.SshCommand, Environment.GetEnvironmentVariable))
        {
            Input = way.Password is { } password ? password + "\n" : null,
            Watch = watch,
        },
        cancel);
}
