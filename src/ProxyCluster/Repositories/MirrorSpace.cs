using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using ProxyCluster.Joining;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;

namespace ProxyCluster.Repositories;

/// <summary>
/// How much room the mirrors of repositories may take on the disk, and how much they do. Strangers name repositories, so it is
/// looked at before and during every fetch, and not only now and then: mirrors are what is lost with the least harm. Whoever writes
/// or removes one holds its turn.
/// </summary>
internal sealed partial class MirrorSpace
{
    // Of what is there, when the disk takes no more although there is room by all bounds: somebody else's files fill it.
    private const int DiskFullPart = 10;

    private const long RemovedBudget = 1L << 20;

    // Longer than a question takes.
    private static readonly TimeSpan RemovedFor = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, long> _sizes = new(StringComparer.Ordinal);
    private readonly KeyedLock<string> _writing = new();
    private readonly ShortMemory<Removal> _removed;
    private readonly DataTree _tree;
    private readonly TimeProvider _clock;
    private readonly ILogger<MirrorSpace> _logger;
    private readonly Func<long> _free;
    private readonly long _keepFree;

    public MirrorSpace(
        IOptions<DirectOptions> options, IOptions<StorageOptions> storage, DataTree tree, BesideFiles beside, TimeProvider clock, ILogger<MirrorSpace> logger)
        : this(options, storage, tree, beside, clock, logger, () => new DriveInfo(tree.Root).AvailableFreeSpace)
    {
    }

    /// <summary>With another disk; for tests.</summary>
    internal MirrorSpace(
        IOptions<DirectOptions> options, IOptions<StorageOptions> storage, DataTree tree, BesideFiles beside, TimeProvider clock, ILogger<MirrorSpace> logger, Func<long> free)
    {
        (_tree, _clock, _logger, _free, _keepFree) = (tree, clock, logger, free, storage.Value.MinFreeBytes ?? 0);
        _removed = new(RemovedBudget, RemovedFor, clock);
        Bound = storage.Value.ShareBeside(options.Value.MaxBytes);
        Largest = Math.Min(options.Value.MaxRepositoryBytes, Bound);
        beside.Count(() => Taken);
    }

    /// <summary>Bytes that all mirrors may take.</summary>
    public long Bound { get; }

    /// <summary>Bytes that one may take.</summary>
    public long Largest { get; }

    /// <summary>Bytes that all of them take, as far as anybody has looked.</summary>
    public long Taken => _sizes.Values.Sum();

    /// <summary>Has something to go?</summary>
    public bool IsShort => Taken > Bound || (_keepFree > 0 && _free() < _keepFree);

    /// <summary>Down to where <see cref="Taken"/> has to come after the disk has refused a write.</summary>
    public long AfterDiskFull => Taken - (Taken / DiskFullPart) - 1;

    /// <summary>The directory of a repository's mirror: named by its address's hash, so that no address is a path; insiders have one of their own.</summary>
    public string DirectoryOf(string kind, RepositoryAddress address) =>
        Path.Combine(_tree.Repositories, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{kind}:{address.Key}"))));

    /// <summary>Looks at what a mirror takes now.</summary>
    public long Measure(string mirror)
    {
        var size = MirrorKeeper.SizeOf(mirror);
        if (size > 0)
            _sizes[mirror] = size;
        else
            _sizes.TryRemove(mirror, out _);
        return size;
    }

    /// <summary>Takes the turn to write a mirror; dispose the result to let go.</summary>
    public ValueTask<KeyedLock<string>.Held> TakeAsync(string mirror, CancellationToken cancel) => _writing.TakeAsync(mirror, cancel);

    /// <summary>The same where nobody has it or waits for it; null elsewhere.</summary>
    public KeyedLock<string>.Held? TakeOrNull(string mirror) => _writing.TakeOrNull(mirror);

    /// <summary>Makes room for a mirror that is to be written.</summary>
    /// <exception cref="RepositoryException">There is none.</exception>
    public void Demand(string mirror, RepositoryAddress address)
    {
        if (!MakeRoom(mirror))
            throw new RepositoryException(NoRoom(address));
    }

    /// <summary>The failure of a mirror that is being written: it is too large, or there is no room; null where it may go on.</summary>
    public Failure? BeyondOrNull(string mirror, RepositoryAddress address) =>
        Measure(mirror) > Largest ? new Failure(FailureKind.UpstreamInvalid, $"{address.Url}: the repository is larger than {Largest} bytes")
        : MakeRoom(mirror) ? null
        : NoRoom(address);

    /// <summary>
    /// Has the longest unused mirrors gone, as far as there must be more room; false where that is not enough. Whoever reads one of them
    /// finds it gone, and has it fetched anew; one that is being written stays, and so does the one for which room is made.
    /// </summary>
    /// <param name="mirror">The one.</param>
    /// <param name="most">Down to where <see cref="Taken"/> has to come, beside what <see cref="IsShort"/> says.</param>
    public bool MakeRoom(string mirror, long most = long.MaxValue)
    {
        if (!IsDue())
            return true;
        foreach (var other in LongestUnused())
        {
            if (!IsDue())
                return true;
            if (other != mirror)
                RemoveUnlessWritten(other);
        }

        return !IsDue();

        bool IsDue() => IsShort || Taken > most;
    }

    /// <summary>Removes a mirror that somebody found damaged, to be fetched anew; unless that was the one before.</summary>
    /// <param name="mirror">The mirror.</param>
    /// <param name="since">When he began to look at it.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task RemoveAsync(string mirror, long since, CancellationToken cancel)
    {
        using var turn = await TakeAsync(mirror, cancel);
        if (_removed.FindOrNull(mirror) is not { } removal || removal.At < since)
            Remove(mirror);
    }

    /// <summary>Removes a mirror, unless somebody writes it or is about to.</summary>
    public void RemoveUnlessWritten(string mirror)
    {
        if (TakeOrNull(mirror) is not { } turn)
            return;
        using (turn)
            Remove(mirror);
    }

    /// <summary>Removes a mirror whose turn the caller has.</summary>
    public void Remove(string mirror)
    {
        if (!Directory.Exists(mirror))
            return;
        MirrorKeeper.Remove(mirror);
        _removed.Remember(mirror, new Removal(_clock.GetTimestamp()), mirror);
        Measure(mirror);
        Log.Removed(_logger, mirror);
    }

    /// <summary>All mirrors, the longest unused first.</summary>
    public IReadOnlyList<string> LongestUnused() => Directory.Exists(_tree.Repositories)
        ?
        [
            .. Directory.EnumerateDirectories(_tree.Repositories)
                .Where(static path => !path.Contains(MirrorKeeper.Going, StringComparison.Ordinal))
                .Select(static path => (Path: path, Used: new FileInfo(Path.Combine(path, MirrorKeeper.UsedName))))
                .Where(static mirror => mirror.Used.Exists)
                .OrderBy(static mirror => mirror.Used.LastWriteTimeUtc)
                .Select(static mirror => mirror.Path),
        ]
        : [];

    private static Failure NoRoom(RepositoryAddress address) => new(
        FailureKind.StoreUnavailable, $"{address.Url}: there is no room for its mirror (Direct:MaxBytes, Storage:MaxBytes, Storage:MinFreeBytes)");

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Mirror {Mirror} was removed")]
        public static partial void Removed(ILogger logger, string mirror);
    }

    private sealed record Removal(long At);
}
