using System.Globalization;
using ProxyCluster.GoModules.Direct;
using ProxyCluster.GoModules.Zips;
using ProxyCluster.Storage;

namespace ProxyCluster.Repositories;

/// <summary>
/// A Mercurial repository for the length of one question. Commits are named to hg by their hashes alone: what a client calls them
/// would be an expression of hg's (<c>hg help revsets</c>).
/// </summary>
/// <param name="mirrors">The mirrors.</param>
/// <param name="address">The repository.</param>
/// <param name="isLocal">Only what the mirror has.</param>
/// <param name="tree">Where archives are written.</param>
internal sealed class HgRepository(HgMirrors mirrors, RepositoryAddress address, bool isLocal, DataTree tree) : IAskedRepository
{
    private const int MaxFile = 17 << 20; // go.mod and LICENSE have at most 16 MiB (spec §4)
    private const long MaxNames = 256L << 20;
    private const string Prefix = "m";

    // Hash, time, and all files: hg looks for one that is not there in repositories within this one.
    private const string Template = @"{node}\n{date|hgdate}\n{join(files('**'), '\0')}";

    private readonly Dictionary<string, RepositoryCommit?> _commits = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _files = new(StringComparer.Ordinal);
    private RefTable? _names;

    public string Kind => "hg";

    public string Url => address.Url;

    public async Task<RefTable> ReadRefsAsync(CancellationToken cancel) => _names ??=
        !isLocal ? await mirrors.ReadNamesAsync(address, cancel)
        : mirrors.HasMirror(address) ? await mirrors.ReadLocalNamesAsync(address, cancel)
        : HgNames.Parse("");

    public async Task<RepositoryCommit?> FindCommitAsync(RevisionTarget target, CancellationToken cancel)
    {
        if (target.Hash is not { } hash)
            return null;
        if (!mirrors.HasMirror(address))
            return isLocal ? null : throw GitMirrors.Gone(address);
        if (_commits.TryGetValue(hash, out var known))
            return known;
        var said = (await mirrors.LookAsync(address, ["log", "-r", $"id({hash})", "-T", Template], null, MaxNames, cancel)).Text;
        if (said.Length == 0)
            return _commits[hash] = null; // none, or several that begin so
        if (said.Split('\n', 3) is not [{ Length: 40 } node, var date, var files] || !long.TryParse(date.Split(' ')[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
            || seconds is < -62135596800 or > 253402300799)
            throw new InvalidDataException("hg log printed something else than a commit");
        _files[node] = files.Split('\0').ToHashSet(StringComparer.Ordinal);
        return _commits[hash] = new RepositoryCommit(node, DateTimeOffset.FromUnixTimeSeconds(seconds));
    }

    public async Task<byte[]?> ReadFileAsync(string commit, string path, CancellationToken cancel)
    {
        if (!_files.TryGetValue(commit, out var files))
        {
            await FindCommitAsync(new RevisionTarget(null, commit), cancel);
            files = _files.GetValueOrDefault(commit);
        }

        return files is null || !files.Contains(path) ? null : (await mirrors.LookAsync(address, ["cat", "-r", $"id({commit})", "--", "path:" + path], null, MaxFile, cancel)).Output;
    }

    public async Task<IReadOnlyCollection<string>> TagsUpToAsync(string commit, CancellationToken cancel) =>
        (await mirrors.LookAsync(address, ["log", "-r", $"ancestors({commit}) and tag()", "-T", @"{join(tags, '\n')}\n"], null, MaxNames, cancel))
            .Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public async Task<bool> IsBeforeAsync(string tag, string commit, CancellationToken cancel) =>
        (await ReadRefsAsync(cancel)).TagOrNull(tag) is { } tagged
        && (await mirrors.LookAsync(address, ["log", "-r", $"ancestors({commit}) and id({tagged})", "-T", "x"], null, MaxFile, cancel)).Output.Length > 0;

    public async Task<RepositoryFiles> ReadTreeAsync(string commit, string directory, CancellationToken cancel)
    {
        string[] below = directory.Length == 0 ? [] : ["-I", "path:" + directory];
        var archive = tree.OpenTemporary("archive");
        var isGiven = false;
        try
        {
            // As it is kept, whatever a filter would make of it.
            await mirrors.LookAsync(
                address, ["archive", "-t", "tar", "--no-decode", "-r", commit, "--prefix", Prefix + "/", .. below, "--", "-"], archive, ArchiveFiles.MaxBytes, cancel);
            var files = ArchiveFiles.In(archive, directory.Length == 0 ? Prefix : $"{Prefix}/{directory}", ZipLimits.Default.MaxEntries);
            isGiven = true;
            return new RepositoryFiles(files, archive.DisposeAsync);
        }
        finally
        {
            if (!isGiven)
                await archive.DisposeAsync();
        }
    }
}
