using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Direct;
using ProxyCluster.Joining;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Repositories;

/// <summary>
/// The mirrors of repositories: one bare repository each, kept and added to.
/// <para>
/// Promises. However many ask, a repository is asked once for what its names stand for, and once for what it has: those who come
/// meanwhile wait for the same. A version that is a tag or a branch's tip costs its own files and not the history; where the
/// tags are few, those of all of them come with the first, so that the next version is here already. Where a name depends on
/// history (what comes before a commit), all of it is fetched, and from then on what is new. What is here is not asked for again.
/// </para>
/// <para>
/// Survives: a process that is killed (git's own files are renamed into place, and what it left half done is not named by
/// anything); a mirror that is damaged or too large (it is removed, and fetched anew when it is needed); a disk that fills up, of
/// which mirrors take what <see cref="MirrorSpace"/> allows: the longest unused go, and if need be the one that is being fetched.
/// </para>
/// <para>
/// Leaves to others: what any of it means for a module (<see cref="ModuleRevisions"/>), whether it is right (verification), who
/// may ask whom (<see cref="RepositoryGuard"/>).
/// </para>
/// </summary>
internal sealed partial class GitMirrors : IDisposable
{
    private const string Complete = "proxycluster-complete";
    private const string Tags = "refs/tags/";
    private const string AllTags = $"+{Tags}*:{Tags}*";
    private const long MaxCommits = 128L << 20;
    private const long RefsBudget = 64L << 20;

    // More tags than these may be of many modules, or of a long history.
    private const int FewTags = 32;

    private readonly DirectOptions _options;
    private readonly GitProgram _git;
    private readonly RepositoryGuard _guard;
    private readonly GitLogins _logins;
    private readonly MirrorSpace _space;
    private readonly TimeProvider _clock;
    private readonly ILogger<GitMirrors> _logger;
    private readonly CancellationTokenSource _stop;
    private readonly ShortMemory<RefTable> _refs;
    private readonly QuietHosts _hosts;
    private readonly JoinedTasks<string, RefTable> _asking;

    public GitMirrors(
        IOptions<DirectOptions> options,
        GitProgram git,
        RepositoryGuard guard,
        GitLogins logins,
        MirrorSpace space,
        IHostApplicationLifetime lifetime,
        TimeProvider clock,
        ILogger<GitMirrors> logger)
    {
        (_options, _git, _guard, _logins, _space, _clock, _logger) = (options.Value, git, guard, logins, space, clock, logger);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopped);
        _refs = new(RefsBudget, _options.FreshFor, clock);
        _hosts = new(_options, clock);
        _asking = new(_stop.Token);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    /// <inheritdoc cref="MirrorSpace.DirectoryOf"/>
    public string DirectoryOf(RepositoryAddress address) => _space.DirectoryOf("git", address);

    /// <summary>What the repository's names stand for, asked now or a moment ago.</summary>
    /// <exception cref="RepositoryException">It did not say.</exception>
    public async Task<RefTable> ReadRefsAsync(RepositoryAddress address, CancellationToken cancel) =>
        _refs.FindOrNull(address.Key) ?? await _asking.RunAsync(
            address.Key,
            async (key, stop) => _refs.FindOrNull(key) ?? await AskRefsAsync(key, address, stop),
            cancel);

    /// <summary>
    /// Fetches a commit by the name that stands for it, without history; or everything where there is no name, the mirror
    /// has everything already, or the server will not give less.
    /// </summary>
    public async Task FetchAsync(RepositoryAddress address, RevisionTarget target, RefTable refs, CancellationToken cancel)
    {
        var mirror = DirectoryOf(address);
        using var turn = await _space.TakeAsync(mirror, cancel);
        if (await FindAsync(address, target, [], isThere: false, cancel) is { IsMoved: false, Commit: not null })
            return;
        await PrepareAsync(mirror, address, refs, cancel);
        if (target.Ref is { } name && !File.Exists(Path.Combine(mirror, Complete)))
        {
            foreach (var specs in SpecsOf(name, target, refs))
            {
                try
                {
                    var (shallow, _) = await RunFetchAsync(address, ["--depth=1", "--no-tags", "--end-of-options", address.Asked, .. specs], cancel);
                    if (shallow.IsWell)
                        return;
                }
                catch (RepositoryException e) when (specs.Length > 1 && e.Failure.Kind is FailureKind.UpstreamInvalid)
                {
                    // Together they are too large, and the mirror is gone: what is asked for may fit.
                    await PrepareAsync(mirror, address, refs, cancel);
                }
            }
        }

        await FetchAllAsync(address, refs, cancel);
    }

    /// <summary>Fetches all branches and tags with their history, unless that is here.</summary>
    public async Task CompleteAsync(RepositoryAddress address, RefTable refs, CancellationToken cancel)
    {
        var mirror = DirectoryOf(address);
        using var turn = await _space.TakeAsync(mirror, cancel);
        if (RegularTextOrNull(Path.Combine(mirror, Complete)) == refs.Sum)
            return;
        await PrepareAsync(mirror, address, refs, cancel);
        await FetchAllAsync(address, refs, cancel);
    }

    /// <summary>Reads objects of the mirror by name: null for each that it does not have.</summary>
    /// <param name="address">The repository.</param>
    /// <param name="names">The names.</param>
    /// <param name="max">Bytes of all.</param>
    /// <param name="isThere">The mirror has had something for this question: that it is gone now says nothing of the repository.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<IReadOnlyList<GitObject?>> ReadAsync(
        RepositoryAddress address, IReadOnlyList<string> names, long max, bool isThere, CancellationToken cancel)
    {
        var mirror = DirectoryOf(address);
        if (!HasMirror(address))
            return isThere ? throw Gone(address) : new GitObject?[names.Count];
        MirrorKeeper.Touch(mirror, _clock);

        var result = await _git.RunAsync(
            new GitCommand(address.Url, ["cat-file", "--batch"], _options.LookTimeout)
            {
                Mirror = mirror,
                Input = string.Concat(names.Select(static name => name + "\n")),
                MaxOutput = max,
            },
            cancel);
        if (AmbiguousOrNull(result) is { } ambiguous)
            throw new RepositoryException(new Failure(FailureKind.BadRequest, $"ambiguous: {address.Url}: {ambiguous}"));

        // An object that cannot be read is called missing, and only here it says why.
        return result.IsWell && result.Errors.Length == 0 ? GitObject.ParseBatch(result.Output, names.Count) : throw Broken(address, result);
    }

    /// <summary>Packs a mirror anew, unless somebody writes it.</summary>
    public async Task PackAsync(string mirror, CancellationToken cancel)
    {
        if (_space.TakeOrNull(mirror) is not { } turn)
            return;
        using (turn)
        {
            ClearLeftovers(mirror);
            await _git.RunAsync(new GitCommand(mirror, ["gc", "-q"], _options.FetchTimeout) { Mirror = mirror }, cancel);
        }
    }

    /// <summary>Runs a command that only reads the mirror.</summary>
    public Task<ProgramResult> LookAsync(RepositoryAddress address, IReadOnlyList<string> arguments, Stream? output, long max, CancellationToken cancel) => _git.RunAsync(
        new GitCommand(address.Url, arguments, _options.LookTimeout) { Mirror = DirectoryOf(address), Output = output, MaxOutput = max }, cancel);

    /// <summary>The failure of a command that only reads the mirror: ours, so it is never about what the repository has.</summary>
    public static RepositoryException Broken(RepositoryAddress address, ProgramResult result) =>
        new(new Failure(FailureKind.StoreUnavailable, GitFailures.Of(address.Url, result).Message)) { IsOfMirror = true };

    /// <summary>The mirror was there for this question, and is no more: it was removed meanwhile.</summary>
    public static RepositoryException Gone(RepositoryAddress address) =>
        new(new Failure(FailureKind.StoreUnavailable, $"{address.Url}: its mirror was removed while it was read")) { IsOfMirror = true };

    /// <summary>Is there a mirror?</summary>
    public bool HasMirror(RepositoryAddress address) => Directory.Exists(Path.Combine(DirectoryOf(address), "objects"));

    // The first digits of several objects; git's advice on the next lines is which.
    private static string? AmbiguousOrNull(ProgramResult result) =>
        result.Errors.Split('\n').FirstOrDefault(static line => line.EndsWith("is ambiguous", StringComparison.Ordinal));

    /// <summary>
    /// The commit of a target, as far as the mirror has it; and whether the name that stands for it still stands for another one
    /// here: what comes from the mirror alone would be of that.
    /// </summary>
    /// <param name="address">The repository.</param>
    /// <param name="target">What is asked for.</param>
    /// <param name="files">Files there that will be asked for next: one process reads all of them.</param>
    /// <param name="isThere">As for <see cref="ReadAsync"/>.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<FoundTarget> FindAsync(
        RepositoryAddress address, RevisionTarget target, IReadOnlyList<string> files, bool isThere, CancellationToken cancel)
    {
        string[] name = target is { IsByHash: false, Ref: { } one and not "HEAD" } ? [one + "^{commit}"] : [];
        var found = await ReadAsync(
            address, [target.Hash + "^{commit}", .. files.Select(file => $"{target.Hash}:{file}"), .. name], MaxCommits, isThere, cancel);
        var commit = found[0] is { Kind: "commit" } it ? it : null;
        var isMoved = commit is not null && name.Length > 0 && found[^1] is { } here && here.Hash != commit.Hash;
        return new FoundTarget(commit, isMoved, [.. found.Skip(1).Take(files.Count)]);
    }

    private async Task<RefTable> AskRefsAsync(string key, RepositoryAddress address, CancellationToken cancel)
    {
        // 1. Ask. By the first protocol the names of all come with the first answer, by the second one with another question.
        var (result, call) = await _hosts.AskAsync(address, () => CallAsync(
            address, new GitCommand(address.Url, ["-c", "protocol.version=0", "ls-remote", "-q", "--end-of-options", address.Asked], _options.AskTimeout), cancel));

        // 2. What it said.
        var isUnreachable = GitFailures.SaysUnreachable(result);
        if (!isUnreachable)
            _hosts.Answered(address.HostKey);
        if (result.IsWell)
        {
            var table = RefTable.Parse(result.Text);
            _refs.Remember(key, table, result.Text);
            return table;
        }

        var failure = await _guard.JudgeAsync(address, GitFailures.Of(address.Url, result), GitFailures.SaysNotFound(result), call.Login is not null, cancel);
        if (isUnreachable)
            _hosts.WasUnreachable(address.HostKey, failure);
        if (failure.Kind is not FailureKind.NotFound)
            Log.Unanswered(_logger, address.Url, failure.Message);
        throw new RepositoryException(failure);
    }

    // With the login that there is; where that is refused, once more with another, if there is one.
    private async Task<(ProgramResult Result, GitCall Call)> CallAsync(RepositoryAddress address, GitCommand command, CancellationToken cancel)
    {
        var login = address.IsInside ? await _logins(address.Uri, cancel) : null;
        var call = new GitCall(address, login is { IsNone: true } ? null : login, await _guard.PinOrNullAsync(address, cancel)) { KnownHosts = _options.KnownHosts };
        var result = await _git.RunAsync(command with { Call = call }, cancel);
        if (login?.Refused is { } refused && address.Protocol is "https" or "http"
            && GitFailures.RefusalOrNull(result) is { } refusal && await refused(refusal, cancel) is { } other)
        {
            call = call with { Login = other };
            result = await _git.RunAsync(command with { Call = call }, cancel);
        }

        if (result.IsWell && call.Login?.Accepted is { } accepted)
            _ = accepted();
        return (result, call);
    }

    private async Task PrepareAsync(string mirror, RepositoryAddress address, RefTable refs, CancellationToken cancel)
    {
        _space.Demand(mirror, address);
        var attributes = Path.Combine(mirror, "info", "attributes");
        if (!HasMirror(address) || !File.Exists(attributes))
        {
            // Archives have every file, as it is: what the repository's attributes leave out or fill in is not in a module's hash.
            // First, for from the moment that the objects' directory is there it is a mirror.
            Directory.CreateDirectory(Path.GetDirectoryName(attributes)!);
            await File.WriteAllTextAsync(attributes, "* -export-subst -export-ignore\n", cancel);
            await InitializeAsync(mirror, refs.HashDigits == 64, cancel);
        }

        ClearLeftovers(mirror);

        // For whoever looks for what can go.
        await File.WriteAllTextAsync(Path.Combine(mirror, MirrorKeeper.UsedName), address.Url + "\n", cancel);
    }

    // What `git init --bare` writes, without its process: every first version of a repository would wait for it.
    private static async Task InitializeAsync(string mirror, bool isSha256, CancellationToken cancel)
    {
        var config = $"[core]\n\trepositoryformatversion = {(isSha256 ? 1 : 0)}\n\tfilemode = true\n\tbare = true\n";
        await File.WriteAllTextAsync(Path.Combine(mirror, "config"), isSha256 ? config + "[extensions]\n\tobjectformat = sha256\n" : config, cancel);
        await File.WriteAllTextAsync(Path.Combine(mirror, "HEAD"), "ref: refs/heads/main\n", cancel);
        foreach (var directory in (ReadOnlySpan<string>)["refs", "objects"])
            Directory.CreateDirectory(Path.Combine(mirror, directory));
    }

    // What to fetch without history, best first: the files of all tags, where these are few, cost little more than those of one. By what
    // the names stand for, as the server has just said it: it is not asked a second time, and what comes fits what was said.
    private static IEnumerable<string[]> SpecsOf(string name, RevisionTarget target, RefTable refs)
    {
        string[] tags = name.StartsWith(Tags, StringComparison.Ordinal) ? [.. refs.TagsFrom("").Take(FewTags + 1).Select(static tag => Tags + tag)] : [];
        if (tags.Length is > 1 and <= FewTags)
            yield return [.. tags.Select(SpecOf)];
        yield return [name == "HEAD" ? $"{target.Hash}:refs/proxycluster/head" : SpecOf(name)];

        string SpecOf(string one) => $"+{refs.ObjectOrNull(one) ?? one}:{one}";
    }

    // A git that was killed leaves its locks, which would keep every other away. Whoever holds the turn is the only one who writes.
    private static void ClearLeftovers(string mirror)
    {
        foreach (var pattern in (ReadOnlySpan<string>)["*.lock", "tmp_*"])
        {
            foreach (var file in Directory.EnumerateFiles(mirror, pattern, SearchOption.AllDirectories))
                File.Delete(file);
        }
    }

    private async Task FetchAllAsync(RepositoryAddress address, RefTable refs, CancellationToken cancel)
    {
        // Names first and history second: one fetch for both misses commits with some servers (go issue 34266).
        var mirror = DirectoryOf(address);
        var (result, began) = await RunFetchAsync(address, ["--prune", "--end-of-options", address.Asked, "+refs/heads/*:refs/heads/*", AllTags], cancel);
        if (result.IsWell && File.Exists(Path.Combine(mirror, "shallow")))
            (result, _) = await RunFetchAsync(address, ["--unshallow", "--end-of-options", address.Asked, "+refs/heads/*:refs/heads/*", AllTags], cancel);
        if (!result.IsWell)
        {
            var failure = GitFailures.Of(address.Url, result);
            Log.Unanswered(_logger, address.Url, failure.Message);
            throw new RepositoryException(failure);
        }

        await File.WriteAllTextAsync(Path.Combine(mirror, Complete), refs.Sum, cancel);
        Log.Fetched(_logger, address.Url, _clock.GetElapsedTime(began));
    }

    private async Task<(ProgramResult Result, long Began)> RunFetchAsync(RepositoryAddress address, string[] arguments, CancellationToken cancel)
    {
        var (mirror, began) = (DirectoryOf(address), _clock.GetTimestamp());
        ProgramResult result;
        try
        {
            (result, _) = await CallAsync(
                address,
                new GitCommand(address.Url, ["-c", "protocol.version=2", "fetch", "-q", "-f", "--no-write-fetch-head", "--no-auto-maintenance", .. arguments], _options.FetchTimeout)
                {
                    Mirror = mirror,
                    Watch = () => _space.BeyondOrNull(mirror, address),
                },
                cancel);
        }
        catch (RepositoryException e) when (e.Failure.Kind is FailureKind.UpstreamInvalid or FailureKind.StoreUnavailable)
        {
            if (e.Failure.Kind is FailureKind.UpstreamInvalid)
                _space.Remove(mirror);
            else
                ClearLeftovers(mirror);
            throw;
        }

        // What was left half done takes room until the next fetch.
        if (!result.IsWell)
            ClearLeftovers(mirror);
        if (result.SaysNoSpace)
            _space.MakeRoom(mirror, _space.AfterDiskFull);
        return (result, began);
    }

    private static string? RegularTextOrNull(string path) => File.Exists(path) ? File.ReadAllText(path) : null;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Repository {Url} did not answer: {Reason}")]
        public static partial void Unanswered(ILogger logger, string url, string reason);

        [LoggerMessage(LogLevel.Information, "Repository {Url} was fetched in {Duration}")]
        public static partial void Fetched(ILogger logger, string url, TimeSpan duration);
    }
}

/// <summary>What a mirror has of a target.</summary>
/// <param name="Commit">The commit; null where it has none.</param>
/// <param name="IsMoved">The name stands for another one here.</param>
/// <param name="Files">The files that were asked for with it; null for each that is not there.</param>
internal sealed record FoundTarget(GitObject? Commit, bool IsMoved, IReadOnlyList<GitObject?> Files);
