using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using ProxyCluster.Storage;

namespace ProxyCluster.Repositories;

/// <summary>
/// How much room the mirrors of repositories may take on the disk, and how much they do. Strangers name repositories, so it is
/// looked at before and during every fetch, and not only now and then: mirrors are what is lost with the least harm.
/// </summary>
internal sealed class MirrorSpace
{
    // Of what is there, when the disk takes no more although there is room by all bounds: somebody else's files fill it.
    private const int DiskFullPart = 10;

    private readonly ConcurrentDictionary<string, long> _sizes = new(StringComparer.Ordinal);
    private readonly DataTree _tree;
    private readonly Func<long> _free;
    private readonly long _keepFree;

    public MirrorSpace(IOptions<DirectOptions> options, IOptions<StorageOptions> storage, DataTree tree, BesideFiles beside)
        : this(options, storage, tree, beside, () => new DriveInfo(tree.Root).AvailableFreeSpace)
    {
    }

    /// <summary>With another disk; for tests.</summary>
    internal MirrorSpace(IOptions<DirectOptions> options, IOptions<StorageOptions> storage, DataTree tree, BesideFiles beside, Func<long> free)
    {
        (_tree, _free, _keepFree) = (tree, free, storage.Value.MinFreeBytes ?? 0);
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
}
