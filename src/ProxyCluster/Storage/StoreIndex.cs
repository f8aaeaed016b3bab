using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using ProxyCluster.Files;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Storage;

/// <summary>
/// What lies on this silo's disk, in memory: of every module version the sizes of its artifacts and when each was last
/// used. Built from the tree after the start, while requests are served, and kept by commits; about 250 bytes for each
/// module version.
/// <para>
/// A use costs two loads and a compare: the clock here stands still between two looks of the <see cref="Eviction"/> loop,
/// and a use writes only when it moved. Seconds would buy nothing; what is evicted was not used for long.
/// </para>
/// </summary>
internal sealed class StoreIndex
{
    private readonly TimeProvider _clock;

    // Guards everything below it and every change of a size. Uses are written without it.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, StoredFiles> _versions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StoredFiles>.AlternateLookup<ReadOnlySpan<char>> _byStem;
    private Totals _count;
    private Totals _bytes;
    private long _taken;

    private bool _isComplete;

    // Gone while the tree is walked: the walk may have listed their files before, and must not bring them back.
    private HashSet<(string Stem, ArtifactKind Kind)>? _gone = [];

    public StoreIndex(TimeProvider clock, HotCache cache, ProxyMetrics metrics)
    {
        _clock = clock;
        _byStem = _versions.GetAlternateLookup<ReadOnlySpan<char>>();
        Advance();
        metrics.ObserveStore(() => Measure(_count), () => Measure(_bytes));
        metrics.ObserveMemoryCache(() => cache.Bytes);
    }

    /// <summary>The time that uses are marked with: Unix seconds.</summary>
    public uint Now { get; private set; }

    /// <summary>Bytes of all artifacts.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
                return _bytes[0] + _bytes[1] + _bytes[2];
        }
    }

    /// <summary>Bytes that all artifacts take on the disk.</summary>
    public long Taken
    {
        get
        {
            lock (_lock)
                return _taken;
        }
    }

    /// <summary>Bytes that lie beside them and count against the same cap, as <see cref="Eviction"/> saw them last.</summary>
    public long Beside { get; set; }

    /// <summary>Moves <see cref="Now"/> to the present.</summary>
    public void Advance() => Now = SecondsOf(_clock.GetUtcNow());

    /// <summary>A time as uses are marked with it.</summary>
    public static uint SecondsOf(DateTimeOffset time) => (uint)Math.Clamp(time.ToUnixTimeSeconds(), 0, uint.MaxValue);

    /// <summary>Everything that lay on the disk is known: from now on there are figures.</summary>
    public void Complete()
    {
        lock (_lock)
            _isComplete = true;
    }

    /// <summary>The walk over the tree has ended, in whatever way: nothing is found any more.</summary>
    public void WalkEnded()
    {
        lock (_lock)
            _gone = null;
    }

    /// <summary>An artifact was stored just now, in place of what was there.</summary>
    public void Stored(string key, ArtifactKind kind, long size) => Set(StemOf(key, kind), kind, size, SecondsOf(_clock.GetUtcNow()));

    /// <summary>
    /// An artifact was found in the tree, last used then. What is known of it already, a commit during the walk, is newer;
    /// and a use that is still to come was written by a clock that has been put back since.
    /// </summary>
    public void Found(string stem, ArtifactKind kind, long size, uint used)
    {
        lock (_lock)
        {
            if (_gone?.Contains((stem, kind)) != true && (!_versions.TryGetValue(stem, out var files) || !files.Has(kind)))
                Set(stem, kind, size, Math.Min(used, Now));
        }
    }

    /// <summary>An artifact is open: its module version's files, known from now on if they were not yet.</summary>
    public StoredFiles Opened(string key, ArtifactKind kind, long size)
    {
        lock (_lock)
        {
            var stem = StemOf(key, kind);
            if (!_byStem.TryGetValue(stem, out var files) || !files.Has(kind))
                Set(stem, kind, size, Now);
            return files ?? _byStem[stem];
        }
    }

    /// <summary>An artifact is gone; gives the bytes that it took on the disk.</summary>
    public long Gone(string key, ArtifactKind kind)
    {
        lock (_lock)
        {
            var stem = StemOf(key, kind);
            _gone?.Add((stem.ToString(), kind));
            if (!_byStem.TryGetValue(stem, out var files) || !files.Has(kind))
                return 0;

            var size = files.SizeOf(kind);
            var taken = BoundedFiles.OnDisk(size);
            _count[(int)kind]--;
            _bytes[(int)kind] -= size;
            _taken -= taken;
            files.Clear(kind);
            if (files.IsEmpty)
                _byStem.Remove(stem);
            return taken;
        }
    }

    /// <summary>The files of a module version, where one is to be used; null when it is not known yet.</summary>
    public StoredFiles? FindOrNull(string key, ArtifactKind kind)
    {
        lock (_lock)
            return _byStem.TryGetValue(StemOf(key, kind), out var files) ? files : null;
    }

    /// <summary>
    /// Everything that may go and was last used before <paramref name="before"/>, in the order in which it goes.
    /// </summary>
    public IReadOnlyList<ColdArtifact> Coldest(uint before)
    {
        var cold = new List<ColdArtifact>();
        lock (_lock)
        {
            foreach (var (stem, files) in _versions)
            {
                foreach (var kind in EvictionRules.Kinds)
                {
                    if (files.Has(kind) && files.UsedAt(kind) < before)
                        cold.Add(new ColdArtifact(stem, kind, files.SizeOf(kind), files.UsedAt(kind)));
                }
            }
        }

        cold.Sort(static (a, b) => EvictionRules.Compare((a.Used, a.Size), (b.Used, b.Size)));
        return cold;
    }

    /// <summary>
    /// The module versions that were used at least <paramref name="by"/> seconds after the time that their record's file
    /// tells, with that use; each is told only once.
    /// </summary>
    public IReadOnlyList<(string Stem, uint Used)> TakeUnwrittenUses(uint by)
    {
        var uses = new List<(string, uint)>();
        lock (_lock)
        {
            foreach (var (stem, files) in _versions)
            {
                var used = files.LastUse;
                if (used < files.Written + (long)by)
                    continue;

                files.Written = used;
                uses.Add((stem, used));
            }
        }

        return uses;
    }

    private void Set(ReadOnlySpan<char> stem, ArtifactKind kind, long size, uint used)
    {
        lock (_lock)
        {
            if (!_byStem.TryGetValue(stem, out var files))
                _byStem[stem] = files = new StoredFiles(this) { Written = used };
            var before = files.Has(kind) ? files.SizeOf(kind) : 0;
            if (!files.Has(kind))
                _count[(int)kind]++;
            files.Set(kind, size, used);
            _bytes[(int)kind] += size - before;
            _taken += BoundedFiles.OnDisk(size) - BoundedFiles.OnDisk(before);
        }
    }

    private static ReadOnlySpan<char> StemOf(string key, ArtifactKind kind) => key.AsSpan()[..^DataTree.Ending(kind).Length];

    private Measurement<long>[] Measure(in Totals totals)
    {
        Totals now;
        lock (_lock)
        {
            if (!_isComplete)
                return [];
            now = totals;
        }

        return
        [
            .. Enum.GetValues<ArtifactKind>().Select(kind => new Measurement<long>(
                now[(int)kind], new KeyValuePair<string, object?>("artifact", DiskStore.LabelOf(kind)))),
        ];
    }

    [InlineArray(3)]
    private struct Totals
    {
        private long _first;
    }
}

/// <summary>A candidate for eviction.</summary>
/// <param name="Stem">Its path in a URL without the ending.</param>
/// <param name="Kind">Which of the three files.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Used">Its last use, Unix seconds.</param>
internal readonly record struct ColdArtifact(string Stem, ArtifactKind Kind, long Size, uint Used);
