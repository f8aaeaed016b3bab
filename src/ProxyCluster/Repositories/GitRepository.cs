using ProxyCluster.GoModules.Direct;
using ProxyCluster.GoModules.Zips;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;

namespace ProxyCluster.Repositories;

/// <summary>
/// A repository for the length of one question: its mirror, and itself for what the mirror does not have; or, as
/// <paramref name="isLocal"/>, the mirror alone, for questions whose answer never changes.
/// </summary>
/// <param name="mirrors">The mirrors.</param>
/// <param name="address">The repository.</param>
/// <param name="isLocal">Only what the mirror has.</param>
/// <param name="place">Of the module that is asked about: its go.mod is read together with each commit.</param>
/// <param name="tree">Where archives are written.</param>
internal sealed class GitRepository(GitMirrors mirrors, RepositoryAddress address, bool isLocal, ModulePlace place, DataTree tree) : IAskedRepository
{
    private const int MaxFile = 17 << 20; // go.mod and LICENSE have at most 16 MiB (spec §4)
    private const int MaxObject = 64 << 20;

    private readonly Dictionary<string, byte[]?> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RepositoryCommit?> _commits = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<string> _goMods = place.GoMods;
    private RefTable? _refs;

    // The mirror has had something for this question.
    private bool _isThere;

    public string Kind => "git";

    public string Url => address.Url;

    public async Task<RefTable> ReadRefsAsync(CancellationToken cancel) =>
        _refs ??= isLocal ? await ReadLocalRefsAsync(cancel) : await mirrors.ReadRefsAsync(address, cancel);

    public async Task<RepositoryCommit?> FindCommitAsync(RevisionTarget target, CancellationToken cancel)
    {
        if (target.Hash is not { } hash || target.IsAmbiguous)
            return null;
        if (_commits.TryGetValue(hash, out var known))
            return known;

        var here = await mirrors.FindAsync(address, target, _goMods, _isThere, cancel);
        if ((here.Commit is null || here.IsMoved) && !isLocal)
        {
            await mirrors.FetchAsync(address, target, await ReadRefsAsync(cancel), cancel);
            _isThere = true;
            here = await mirrors.FindAsync(address, target, _goMods, _isThere, cancel);
            if (here.Commit is null && target.Ref is { } name && (await mirrors.ReadAsync(address, [hash], MaxObject, _isThere, cancel))[0] is null)
                throw new RepositoryException(new Failure(FailureKind.UpstreamUnavailable, $"{Url}: {name} was moved while it was fetched"));
        }

        if (here.Commit is not { } found)
            return _commits[hash] = null;
        _isThere = true;
        foreach (var (path, file) in _goMods.Zip(here.Files))
        {
            if (file is null or { Content.Length: <= MaxFile }) // a larger one is refused when it is asked for
                _files[NameOf(found.Hash, path)] = file is { Kind: "blob" } ? file.Content : null;
        }

        return _commits[hash] = new RepositoryCommit(found.Hash, found.Committed);
    }

    public async Task<byte[]?> ReadFileAsync(string commit, string path, CancellationToken cancel)
    {
        var name = NameOf(commit, path);
        if (!_files.TryGetValue(name, out var content))
            _files[name] = content = (await mirrors.ReadAsync(address, [name], MaxFile, isThere: true, cancel))[0] is { Kind: "blob" } blob ? blob.Content : null;
        return content;
    }

    public async Task<IReadOnlyCollection<string>> TagsUpToAsync(string commit, CancellationToken cancel)
    {
        await CompleteAsync(cancel);
        var result = await mirrors.LookAsync(address, ["for-each-ref", "--format=%(refname:lstrip=2)", $"--merged={commit}", "refs/tags/"], null, 64 << 20, cancel);
        return result.IsWell ? result.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries) : throw GitMirrors.Broken(address, result);
    }

    public async Task<bool> IsBeforeAsync(string tag, string commit, CancellationToken cancel)
    {
        // Yes is yes, but a history that is cut short may say no.
        if (await IsAncestorAsync(tag, commit, cancel))
            return true;
        if (isLocal)
            return false;
        await CompleteAsync(cancel);
        return await IsAncestorAsync(tag, commit, cancel);
    }

    public async Task<RepositoryFiles> ReadTreeAsync(string commit, string directory, CancellationToken cancel)
    {
        string[] below = directory.Length == 0 ? [] : [directory];
        var archive = tree.OpenTemporary("archive");
        var isGiven = false;
        try
        {
            var result = await mirrors.LookAsync(
                address, ["archive", "--format=tar", "--end-of-options", commit, .. below], archive, ArchiveFiles.MaxBytes, cancel);
            if (!result.IsWell && !result.Errors.Contains("invalid path", StringComparison.Ordinal))
                throw GitMirrors.Broken(address, result);
            if (!result.IsWell)
                throw new RepositoryException(new Failure(FailureKind.UpstreamInvalid, $"its repository makes no archive: {GitFailures.Of(Url, result).Message}"));
            var files = ArchiveFiles.In(archive, directory, ZipLimits.Default.MaxEntries);
            isGiven = true;
            return new RepositoryFiles(files, archive.DisposeAsync);
        }
        finally
        {
            if (!isGiven)
                await archive.DisposeAsync();
        }
    }

    private static string NameOf(string commit, string path) => $"{commit}:{path}";

    private async Task<bool> IsAncestorAsync(string tag, string commit, CancellationToken cancel)
    {
        var result = await mirrors.LookAsync(address, ["merge-base", "--is-ancestor", "--end-of-options", $"refs/tags/{tag}", commit], null, 1 << 20, cancel);
        return result.IsWell || (mirrors.HasMirror(address) ? false : throw GitMirrors.Gone(address));
    }

    private async Task CompleteAsync(CancellationToken cancel)
    {
        if (!isLocal)
            await mirrors.CompleteAsync(address, await ReadRefsAsync(cancel), cancel);
    }

    private async Task<RefTable> ReadLocalRefsAsync(CancellationToken cancel)
    {
        if (!mirrors.HasMirror(address))
            return RefTable.Parse("");
        var result = await mirrors.LookAsync(address, ["show-ref", "--dereference"], null, 64 << 20, cancel);
        return RefTable.Parse(result.Text.Replace(' ', '\t'));
    }
}
