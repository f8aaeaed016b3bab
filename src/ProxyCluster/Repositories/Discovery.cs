using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Direct;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Joining;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Repositories;

/// <summary>
/// Finds the repository of a module: by its path where that says it (<see cref="KnownHosts"/>), else by the page there
/// (<c>https://PATH?go-get=1</c>). A page that speaks for more than itself is believed only if the page of all that says the same.
/// </summary>
internal sealed class Discovery(IOptions<DirectOptions> options, RepositoryGuard guard, TimeProvider clock)
{
    private readonly ShortMemory<RepositoryRoot> _known = new(4L << 20, options.Value.PlaceFreshFor, clock);

    /// <summary>The repository, whose scheme may have to be found out still.</summary>
    /// <exception cref="RepositoryException">There is none, or nobody said.</exception>
    public async Task<RepositoryRoot> FindAsync(ModulePath path, CancellationToken cancel)
    {
        if (KnownHosts.FindOrNull(path, out var fault) is { } root)
            return root;
        if (fault is not null)
            throw Absent(fault);
        if (_known.FindOrNull(path.Value) is { } known)
            return known;

        var said = await AskAsync(path.Value, path, cancel);
        if (said.Prefix != path.Value && await AskAsync(said.Prefix, path, cancel) != said)
            throw new RepositoryException(new Failure(FailureKind.UpstreamInvalid, $"the pages of {path} and {said.Prefix} disagree about its repository"));
        _known.Remember(path.Value, said, said.ToString());
        return said;
    }

    private async Task<RepositoryRoot> AskAsync(string of, ModulePath path, CancellationToken cancel)
    {
        var page = await guard.GetAsync(new Uri($"https://{(of.Contains('/', StringComparison.Ordinal) ? of : of + "/")}?go-get=1"), guard.MayBeInside(path), cancel);
        var said = GoImport.Parse(page.Text);
        if (said.Count == 0 && (int)page.Status is 401 or 403 or 407 or 408 or 429 or >= 500)
        {
            var isPolicy = (int)page.Status is 401 or 403 or 407;
            throw new RepositoryException(new Failure(
                isPolicy ? FailureKind.Blocked : FailureKind.UpstreamUnavailable, $"https://{of} answered {(int)page.Status} to the question for its repository"));
        }

        return GoImport.MatchOrNull(said, path, out var fault) ?? throw Absent($"https://{of}: {fault}");
    }

    private static RepositoryException Absent(string why) => new(new Failure(FailureKind.NotFound, $"not found: {why}"));
}
