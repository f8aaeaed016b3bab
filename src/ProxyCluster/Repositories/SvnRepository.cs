using System.Globalization;
using ProxyCluster.Files;
using ProxyCluster.GoModules.Direct;
using ProxyCluster.GoModules.Zips;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;

namespace ProxyCluster.Repositories;

/// <summary>
/// A Subversion repository for the length of one question, as go knows it: a directory (<c>…/trunk</c>) and the numbers of its
/// changes. Tags are directories beside it, which go looks for and never takes for versions (of <c>v1.0.0/</c> it keeps the
/// slash), so that each version is a pseudo-version.
/// <para>
/// What is read is what stood at that place at that revision (a peg revision). Go names the revision alone for a zip, and gets
/// the files of whatever has since been moved there, or none.
/// </para>
/// </summary>
/// <param name="repositories">The way there.</param>
/// <param name="address">The repository.</param>
/// <param name="isLocal">Only what is here, which is nothing.</param>
/// <param name="options">Limits.</param>
/// <param name="tree">Where files are written.</param>
internal sealed class SvnRepository(SvnRepositories repositories, RepositoryAddress address, bool isLocal, DirectOptions options, DataTree tree) : IAskedRepository
{
    private const string NumberFormat = "D12";
    private static readonly EnumerationOptions RegularFiles = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };

    private readonly Dictionary<string, RepositoryCommit?> _commits = new(StringComparer.Ordinal);
    private readonly Dictionary<string, byte[]?> _files = new(StringComparer.Ordinal);

    public string Kind => "svn";

    public string Url => address.Url;

    public Task<RefTable> ReadRefsAsync(CancellationToken cancel) => Task.FromResult(RefTable.OfNumbers);

    public async Task<RepositoryCommit?> FindCommitAsync(RevisionTarget target, CancellationToken cancel)
    {
        if (isLocal || target.Hash is not { } revision)
            return null;
        if (_commits.TryGetValue(revision, out var known))
            return known;
        var said = await repositories.AskAsync(address, ["log", "-l1", "--xml", "--", $"{address.Asked}@{revision}"], options.AskTimeout, null, cancel);
        return _commits[revision] = said.IsWell && SvnAnswers.ChangeOrNull(said.Output) is { } change
            ? new RepositoryCommit(change.Revision.ToString(NumberFormat, CultureInfo.InvariantCulture), change.Time) { IsNumber = true }
            : null;
    }

    public async Task<byte[]?> ReadFileAsync(string commit, string path, CancellationToken cancel)
    {
        var name = $"{path}@{commit}";
        if (!_files.TryGetValue(name, out var content))
        {
            var said = await repositories.AskAsync(address, ["cat", "--", $"{address.Asked}/{name}"], options.AskTimeout, null, cancel);
            _files[name] = content = said.IsWell ? said.Output : null;
        }

        return content;
    }

    public Task<IReadOnlyCollection<string>> TagsUpToAsync(string commit, CancellationToken cancel) => Task.FromResult<IReadOnlyCollection<string>>([]);

    public Task<bool> IsBeforeAsync(string tag, string commit, CancellationToken cancel) => Task.FromResult(false);

    public async Task<RepositoryFiles> ReadTreeAsync(string commit, string directory, CancellationToken cancel)
    {
        // 1. How much is it?
        var there = $"{address.Asked}{(directory.Length == 0 ? "" : "/" + directory)}@{commit}";
        var said = await repositories.AskAsync(address, ["list", "--xml", "--recursive", "--", there], options.AskTimeout, null, cancel);
        if (!said.IsWell)
            throw Invalid("the directory is not there");
        var listed = SvnAnswers.Files(said.Output);
        if (listed.Count > ZipLimits.Default.MaxEntries || listed.Values.Sum(static size => (decimal)size) > ZipLimits.Default.MaxContentBytes)
            throw Invalid("it is larger than a module may be");

        // 2. Have it written out, as it is kept.
        var export = tree.NewTemporary("export");
        var isGiven = false;
        try
        {
            said = await repositories.AskAsync(
                address, ["export", "--quiet", "--native-eol", "LF", "--ignore-externals", "--ignore-keywords", "--", there, export], options.FetchTimeout,
                () => MirrorKeeper.SizeOf(export) > ZipLimits.Default.MaxContentBytes ? Invalid("it is larger than a module may be").Failure : null,
                cancel);
            if (!said.IsWell)
                throw Invalid("the directory is not there");
            var files = FilesIn(export, listed);
            isGiven = true;
            return new RepositoryFiles(files, () => Remove(export));
        }
        finally
        {
            if (!isGiven)
                await Remove(export);
        }
    }

    // A server may name what it likes: only what was written below the directory counts, and no link is followed. Go refuses what
    // has another size there than in the repository, which a link always has.
    private List<ModuleFile> FilesIn(string export, Dictionary<string, long> listed)
    {
        var written = new DirectoryInfo(export).EnumerateFiles("*", RegularFiles).ToDictionary(file => Path.GetRelativePath(export, file.FullName), StringComparer.Ordinal);
        var files = new List<ModuleFile>();
        foreach (var (name, size) in listed)
        {
            if (!written.TryGetValue(name, out var file))
                throw Invalid($"{name} is a link, or was not written");
            if (file.Length != size)
                throw Invalid($"{name} has {size} bytes in the repository and {file.Length} written out");
            files.Add(new ModuleFile(name, size, ModuleFileKind.Regular, () => new FileStream(RegularFile.OpenRead(file.FullName), FileAccess.Read)));
        }

        return files;
    }

    private static ValueTask Remove(string export)
    {
        if (Directory.Exists(export))
            Directory.Delete(export, recursive: true);
        return ValueTask.CompletedTask;
    }

    private RepositoryException Invalid(string why) => new(new Failure(FailureKind.UpstreamInvalid, $"{Url}: {why}"));
}
