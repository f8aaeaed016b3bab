using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Direct;
using ProxyCluster.Joining;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;

namespace ProxyCluster.Repositories;

/// <summary>
/// Mercurial's repositories: a mirror of each, without a working copy, to which what is new is pulled.
/// <para>
/// Promises what <see cref="GitMirrors"/> promises, with two differences that are Mercurial's: there is no fetch of one version
/// alone, so the first question costs the whole history; and names are known only after a pull, because tags are kept in files.
/// So each question for what may change is a pull, one for all who ask within <see cref="DirectOptions.FreshFor"/>.
/// </para>
/// <para>
/// Revision numbers, which hg takes as names, mean nothing here: they differ from mirror to mirror.
/// </para>
/// </summary>
internal sealed class HgMirrors : IRepositoryKind, IDisposable
{
    private const long NamesBudget = 64L << 20;

    private readonly DirectOptions _options;
    private readonly LimitedProgram _program;
    private readonly RepositoryCalls _calls;
    private readonly DataTree _tree;
    private readonly MirrorSpace _space;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _stop;
    private readonly ShortMemory<RefTable> _names;
    private readonly ShortMemory<RefTable> _last;
    private readonly JoinedTasks<string, RefTable> _pulling;

    public HgMirrors(
        IOptions<DirectOptions> options,
        LimitedProgram program,
        RepositoryCalls calls,
        DataTree tree,
        MirrorSpace space,
        IHostApplicationLifetime lifetime,
        TimeProvider clock)
    {
        (_options, _program, _calls, _tree, _space, _clock) = (options.Value, program, calls, tree, space, clock);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopped);
        _names = new(NamesBudget, _options.FreshFor, clock);
        _last = new(NamesBudget, TimeSpan.FromDays(1), clock);
        _pulling = new(_stop.Token);
    }

    public string Name => "hg";

    public RepositorySchemes Schemes => RepositorySchemes.Mercurial;

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    /// <inheritdoc cref="MirrorSpace.DirectoryOf"/>
    public string DirectoryOf(RepositoryAddress address) => _space.DirectoryOf("hg", address);

    /// <summary>Is there a mirror?</summary>
    public bool HasMirror(RepositoryAddress address) => File.Exists(Path.Combine(DirectoryOf(address), MirrorKeeper.UsedName));

    /// <inheritdoc/>
    public IAskedRepository Open(RepositoryAddress address, bool isLocal, ModulePlace place) => new HgRepository(this, address, isLocal, _tree);

    /// <inheritdoc/>
    public Task ProbeAsync(RepositoryAddress address, CancellationToken cancel) => _calls.AskAsync(
        address, ProgramWords.Mercurial, way => Command(address, way, ["identify", "--id", "-r", "tip", "--", address.Asked], _options.AskTimeout), cancel);

    /// <summary>What the repository's names stand for, pulled now or a moment ago.</summary>
    /// <exception cref="RepositoryException">It did not say.</exception>
    public async Task<RefTable> ReadNamesAsync(RepositoryAddress address, CancellationToken cancel) =>
        KnownOrNull(address) ?? await _pulling.RunAsync(address.Key, async (_, stop) => KnownOrNull(address) ?? await PullAsync(address, stop), cancel);

    /// <summary>What they stood for at the last pull, which nothing but the next one changes.</summary>
    public async Task<RefTable> ReadLocalNamesAsync(RepositoryAddress address, CancellationToken cancel) =>
        _last.FindOrNull(address.Key) ?? (await LookForNamesAsync(address, cancel)).Names;

    /// <summary>Runs a command that only reads the mirror.</summary>
    public async Task<ProgramResult> LookAsync(RepositoryAddress address, IReadOnlyList<string> arguments, Stream? output, long max, CancellationToken cancel)
    {
        MirrorKeeper.Touch(DirectoryOf(address), _clock);
        return await RunHereAsync(address, ["--cwd", DirectoryOf(address), .. arguments], output, max, cancel);
    }

    /// <inheritdoc/>
    public Task ForgetAsync(RepositoryAddress address, long since, CancellationToken cancel) => _space.RemoveAsync(DirectoryOf(address), since, cancel);

    // Ours, so it is never about what the repository has.
    private static RepositoryException Broken(RepositoryAddress address, ProgramResult result) =>
        new(new Failure(FailureKind.StoreUnavailable, ProgramWords.Mercurial.FailureOf(address.Url, result).Message)) { IsOfMirror = true };

    // Without its mirror nothing is known: what names stand for would count as absent.
    private RefTable? KnownOrNull(RepositoryAddress address) => HasMirror(address) ? _names.FindOrNull(address.Key) : null;

    private async Task<RefTable> PullAsync(RepositoryAddress address, CancellationToken cancel)
    {
        var mirror = DirectoryOf(address);
        using var turn = await _space.TakeAsync(mirror, cancel);

        // 1. Is there room?
        _space.Demand(mirror, address);

        // 2. One that does not answer is found out by a question, and not by the long wait for a history.
        if (!HasMirror(address))
        {
            await ProbeAsync(address, cancel);
            _space.Remove(mirror);
            await RunHereAsync(address, ["init", "--", mirror], null, NamesBudget, cancel);
            await File.WriteAllTextAsync(Path.Combine(mirror, MirrorKeeper.UsedName), address.Url + "\n", cancel);
        }

        // 3. A pull that was killed leaves its locks, and whoever holds the turn is the only one who writes; and the journal of what it
        // had written, without which to take that back no other pull begins. Where that fails the mirror is damaged, and given up.
        foreach (var left in (ReadOnlySpan<string>)[".hg/wlock", ".hg/store/lock"])
            File.Delete(Path.Combine(mirror, left));
        if (File.Exists(Path.Combine(mirror, ".hg/store/journal")))
            await RunHereAsync(address, ["--cwd", mirror, "recover"], null, NamesBudget, cancel);

        // 4. What is new.
        try
        {
            await _calls.AskAsync(
                address,
                ProgramWords.Mercurial,
                way => Command(address, way, ["--cwd", mirror, "pull", "-q", "-f", "--", address.Asked], _options.FetchTimeout) with
                {
                    Watch = () => _space.BeyondOrNull(mirror, address),
                },
                cancel);
        }
        catch (RepositoryException e) when (e.Failure.Kind is FailureKind.UpstreamInvalid or FailureKind.StoreUnavailable)
        {
            _space.Remove(mirror);
            if (e.Failure.Kind is FailureKind.StoreUnavailable)
                _space.MakeRoom(mirror, _space.AfterDiskFull);
            throw;
        }

        // 5. What it has now.
        var (names, printed) = await LookForNamesAsync(address, cancel);
        _names.Remember(address.Key, names, printed);
        return names;
    }

    private async Task<(RefTable Names, string Printed)> LookForNamesAsync(RepositoryAddress address, CancellationToken cancel)
    {
        var printed = (await LookAsync(address, ["log", "-r", HgNames.Revisions, "-T", HgNames.Template], null, NamesBudget, cancel)).Text;
        var names = HgNames.Parse(printed);
        _last.Remember(address.Key, names, printed);
        return (names, printed);
    }

    private async Task<ProgramResult> RunHereAsync(
        RepositoryAddress address, IReadOnlyList<string> arguments, Stream? output, long max, CancellationToken cancel)
    {
        var result = await _program.RunAsync(Command(null, null, arguments, _options.LookTimeout, address.Url) with { Output = output, MaxOutput = max }, cancel);
        return result.IsWell ? result : throw Broken(address, result);
    }

    private ProgramCommand Command(RepositoryAddress? address, RepositoryWay? way, IReadOnlyList<string> arguments, TimeSpan limit, string? subject = null) =>
        new(subject ?? address!.Url, _options.Hg, arguments, limit, home => ProgramEnvironment.OfMercurial(home, Environment.GetEnvironmentVariable))
        {
            Input = ProgramEnvironment.ConfigurationOfMercurial(address, way, Environment.GetEnvironmentVariable),
        };
}
