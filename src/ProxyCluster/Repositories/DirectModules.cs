using System.Text;
using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Direct;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.GoModules.Zips;
using ProxyCluster.Joining;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;

namespace ProxyCluster.Repositories;

/// <summary>
/// Modules straight from their repositories, in the words of a module proxy: the same questions, and the answers that the
/// <c>go</c> command would find there by itself.
/// <para>
/// Promises. What a version is called, what its go.mod and its files are is go's word for word (spec §6), so that its hash is
/// everybody's. That something is not there was said by its repository or its page; a host that does not answer, a login that
/// is missing and a repository too large are failures of their own. Whoever wrote a repository has nothing run here: the programs
/// work as their environments (<see cref="GitEnvironment"/>) and <see cref="LimitedProgram"/> let them.
/// </para>
/// <para>
/// What never changes (a module version's go.mod and zip) comes from the mirror alone where that has it. What may change is
/// asked of the repository, once for all who ask within <see cref="DirectOptions.FreshFor"/>.
/// </para>
/// <para>
/// Leaves to others: proof, like that of anything else that comes from upstream; answers for a while (queries); turns of
/// clients (the upstream chain). What is kept in something else than git, Mercurial or Subversion is refused in a sentence.
/// </para>
/// Road not taken: to drive the go command, as other proxies do. It cannot tell an outage from absence, wants a cache of its
/// own, and stops at a go.mod that is newer than itself.
/// </summary>
internal sealed class DirectModules(
    Discovery discovery, IEnumerable<IRepositoryKind> kinds, RepositoryGuard guard, UrlRewrites rewrites, DataTree tree, IOptions<DirectOptions> options, TimeProvider clock)
{
    // A client asks for .info, .mod and .zip one after the other.
    private readonly ShortMemory<ModuleRevision> _found = new(16L << 20, options.Value.FreshFor, clock);

    // Which scheme answered.
    private readonly ShortMemory<RepositoryAddress> _answered = new(1L << 20, options.Value.PlaceFreshFor, clock);

    /// <summary>What a path of the protocol asks, of a repository that is said to be the module's, or that which its name leads to.</summary>
    public Task<Outcome<DirectAnswer>> AskAsync(ProxyPath what, RepositoryRoot? said, CancellationToken cancel) => what switch
    {
        { Asked: Asked.Artifact } => ArtifactAsync(what.Module, what.Kind, said, cancel),
        { Query.Kind: QueryKind.List } => ListAsync(what.Query.Path, said, cancel),
        { Query.Kind: QueryKind.Latest } => LatestAsync(what.Query.Path, said, cancel),
        _ => VersionQuery.TryParse(what.Query.Path, what.Query.Revision, out var query, out var error)
            ? QueryAsync(query, said, cancel)
            : Task.FromResult<Outcome<DirectAnswer>>(new Failure(FailureKind.BadRequest, error)),
    };

    /// <summary>An artifact.</summary>
    public Task<Outcome<DirectAnswer>> ArtifactAsync(ModuleVersion module, ArtifactKind kind, RepositoryRoot? said, CancellationToken cancel)
    {
        var isAgain = false;
        return AnswerAsync(module.Path, said, FindAsync, cancel);

        async Task<Outcome<DirectAnswer>> FindAsync(ModulePlace place, Func<bool, IAskedRepository> repository)
        {
            // 1. Found a moment ago, or in the mirror already? What a tag stands for now is the repository's to say, and .info is the first to be asked.
            var key = said is null ? module.ToString() : $"{module} {said.Url}";
            var isPseudo = PseudoVersion.IsPseudo(module.Version);
            var remembered = isAgain ? null : _found.FindOrNull(key); // the second time its mirror is gone
            isAgain = true;
            var revision = remembered is { } known ? new FoundRevision(known, null)
                : kind is ArtifactKind.Info && !isPseudo ? default
                : await new ModuleRevisions(place, repository(true)).FindAsync(module.Version, cancel);

            // 2. In the repository?
            var asked = repository(false);
            if (revision.Revision?.Version != module.Version)
                revision = await new ModuleRevisions(place, asked).FindAsync(module.Version, cancel);
            if (revision.Revision is not { } found || found.Version != module.Version)
                return Absent(module.ToString(), revision);
            _found.Remember(key, found, (found.Tree.GoMod?.Length ?? 0) + key.Length);
            return kind switch
            {
                ArtifactKind.Info => Info(Recorded(found)),
                ArtifactKind.Mod => DirectAnswer.Of(found.GoModOf(module.Path)),
                _ => await ZipAsync(module, found, asked, cancel),
            };
        }
    }

    /// <summary>The list of versions.</summary>
    public Task<Outcome<DirectAnswer>> ListAsync(ModulePath path, RepositoryRoot? said, CancellationToken cancel) => AnswerAsync(
        path,
        said,
        async (place, repository) => DirectAnswer.Of(Encoding.UTF8.GetBytes(
            string.Concat((await new ModuleRevisions(place, repository(false)).ListAsync(cancel)).Select(static version => version + "\n")))),
        cancel);

    /// <summary>The latest version.</summary>
    public Task<Outcome<DirectAnswer>> LatestAsync(ModulePath path, RepositoryRoot? said, CancellationToken cancel) => AnswerAsync(
        path,
        said,
        async (place, repository) => await new ModuleRevisions(place, repository(false)).LatestAsync(cancel) is var revision && revision.Revision is { } found
            ? Info(found)
            : Absent($"{path}@latest", revision),
        cancel);

    /// <summary>What a branch, a tag, a commit or the beginning of a version means.</summary>
    public Task<Outcome<DirectAnswer>> QueryAsync(VersionQuery query, RepositoryRoot? said, CancellationToken cancel) => AnswerAsync(
        query.Path,
        said,
        async (place, repository) =>
        {
            var revisions = new ModuleRevisions(place, repository(false));
            var revision = query.Kind is VersionQueryKind.Prefix
                ? await revisions.FindHighestAsync(query.Text, cancel)
                : await revisions.FindAsync(query.Text, cancel);
            return revision.Revision is { } found ? Info(found) : Absent(query.ToString(), revision);
        },
        cancel);

    private static Outcome<DirectAnswer> Info(ModuleRevision revision) => DirectAnswer.Of(RevisionOrigin.WriteInfo(revision));

    // What a version once depended on, it depends on no more when it is asked for by its own name.
    private static ModuleRevision Recorded(ModuleRevision revision) => revision with
    {
        Origin = revision.Origin with { TagPrefix = null, TagSum = null, RepoSum = null, Ref = PseudoVersion.IsPseudo(revision.Version) ? null : revision.Origin.Ref },
    };

    private static Outcome<DirectAnswer> Absent(string what, FoundRevision revision) => new Failure(
        revision.IsAmbiguous ? FailureKind.BadRequest : FailureKind.NotFound, $"{(revision.IsAmbiguous ? "ambiguous" : "not found")}: {what}: {revision.Fault}");

    private async Task<Outcome<DirectAnswer>> AnswerAsync(
        ModulePath path, RepositoryRoot? said, Func<ModulePlace, Func<bool, IAskedRepository>, Task<Outcome<DirectAnswer>>> answer, CancellationToken cancel)
    {
        try
        {
            // 1. Where is it?
            var root = said ?? await discovery.FindAsync(path, cancel);
            var mayBeInside = guard.MayBeInside(path);
            if (root.Vcs == "mod")
                return new DirectAnswer(null, new Uri(root.Url), mayBeInside);
            if (kinds.FirstOrDefault(one => one.Name == root.Vcs) is not { } kind)
                return new Failure(FailureKind.NotSupported, $"{path} is kept in {root.Vcs}, and modules are fetched from git, Mercurial (hg) and Subversion (svn) only");
            if (ModulePlace.FindOrNull(path, root, out var fault) is not { } place)
                return new Failure(FailureKind.NotFound, $"not found: {fault}");

            // 2. What does it say? A mirror that is damaged is given up, once.
            var address = await AddressAsync(kind, root, mayBeInside, cancel);
            var began = clock.GetTimestamp();
            try
            {
                return await answer(place, isLocal => kind.Open(address, isLocal, place));
            }
            catch (RepositoryException e) when (e.IsOfMirror)
            {
                await kind.ForgetAsync(address, began, cancel);
                return await answer(place, isLocal => kind.Open(address, isLocal, place));
            }
        }
        catch (RepositoryException e)
        {
            return e.Failure;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return new Failure(FailureKind.StoreUnavailable, $"{path}: its repository's mirror could not be used: {e.Message}");
        }
    }

    private async Task<RepositoryAddress> AddressAsync(IRepositoryKind kind, RepositoryRoot root, bool mayBeInside, CancellationToken cancel)
    {
        if (root.HasScheme)
            return Find(root.Url);
        var key = $"{kind.Name} {mayBeInside} {root.Url}";
        if (_answered.FindOrNull(key) is { } known)
            return known;

        // Where the scheme is not known, the first that answers; if none does, what the first of them said, but absence only if all say so.
        RepositoryException? first = null;
        foreach (var scheme in kind.Schemes.Tried)
        {
            var address = Find($"{scheme}://{root.Url}");
            try
            {
                await kind.ProbeAsync(address, cancel);
                _answered.Remember(key, address, address.ToString());
                return address;
            }
            catch (RepositoryException e)
            {
                if (first is null || (first.Failure.IsProvenAbsence && !e.Failure.IsProvenAbsence))
                    first = e;
            }
        }

        throw first!;

        RepositoryAddress Find(string url) => rewrites.TryFind(kind.Schemes, url, mayBeInside || root.IsOfPath, out var address, out var fault)
            ? address with { IsInside = mayBeInside }
            : throw new RepositoryException(new Failure(FailureKind.Blocked, $"{root.Prefix}: {fault}"));
    }

    // The repository's files, packed: what is left out, what is taken over and what is refused are the rules of module zips (spec §4).
    private async Task<Outcome<DirectAnswer>> ZipAsync(ModuleVersion module, ModuleRevision revision, IAskedRepository repository, CancellationToken cancel)
    {
        var (commit, directory) = (revision.Commit.Hash, revision.Tree.Directory);
        await using var source = await repository.ReadTreeAsync(commit, directory, cancel);
        var files = source.Files;
        if (directory.Length > 0 && !files.Exists(static file => file.Path == "LICENSE") && await repository.ReadFileAsync(commit, "LICENSE", cancel) is { } license)
            files.Add(ModuleFile.Of("LICENSE", license));

        var zip = tree.OpenTemporary("direct");
        var isGiven = false;
        try
        {
            var created = ModuleZip.Create(zip, module, files, cancellation: cancel);
            if (!created.IsValid)
                return new Failure(FailureKind.UpstreamInvalid, $"{module}: its repository makes no module zip: {created.Check}");
            zip.Position = 0;
            isGiven = true;
            return new DirectAnswer(zip);
        }
        finally
        {
            if (!isGiven)
                await zip.DisposeAsync();
        }
    }
}

/// <summary>An answer, whose body is the reader's to dispose of; or where to ask a module proxy.</summary>
/// <param name="Body">The body.</param>
/// <param name="Proxy">A module proxy that the module's page names instead of a repository.</param>
/// <param name="MayBeInside">That one may be inside.</param>
internal sealed record DirectAnswer(Stream? Body, Uri? Proxy = null, bool MayBeInside = false) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Body?.Dispose();

    public static DirectAnswer Of(byte[] body) => new(new MemoryStream(body, writable: false));
}
