using ProxyCluster.Files;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;

namespace ProxyCluster.Benchmarks.Trace;

/// <summary>
/// What lies on one silo's disk, as <see cref="StoreIndex"/> knows it, for millions of module versions: columns of numbers
/// under open addressing, 13 bytes a slot. Nothing leaves the table, because <c>.info</c> is never evicted.
/// </summary>
/// <param name="source">Knows sizes.</param>
internal sealed class SiloStore(Sources.ITraceSource source)
{
    private int[] _version = [];
    private byte[] _kinds = [];
    private uint[] _usedMod = [];
    private uint[] _usedZip = [];
    private int _count;

    /// <summary>Bytes that all artifacts take on the disk.</summary>
    public long Taken { get; private set; }

    /// <summary>Artifacts stored.</summary>
    public int Artifacts { get; private set; }

    /// <summary>Artifacts evicted.</summary>
    public long Evicted { get; private set; }

    /// <summary>Is the artifact stored?</summary>
    public bool Has(int version, ArtifactKind kind) => FindOr(version, kind) >= 0;

    /// <summary>The same for somebody who wants it, which is a use.</summary>
    public bool Use(int version, ArtifactKind kind, uint now)
    {
        if (FindOr(version, kind) is not (>= 0 and var slot))
            return false;
        Mark(slot, kind, now);
        return true;
    }

    // The slot in which it is, or -1.
    private int FindOr(int version, ArtifactKind kind)
    {
        if (_version.Length == 0)
            return -1;
        var slot = SlotOf(version);
        return _version[slot] == 0 || (_kinds[slot] & (1 << (int)kind)) == 0 ? -1 : slot;
    }

    /// <summary>Stores an artifact; one that is there already stays.</summary>
    public void Store(int version, ArtifactKind kind, uint now)
    {
        if ((_count + 1) * 4L > _version.Length * 3L)
            Grow();
        var slot = SlotOf(version);
        if (_version[slot] == 0)
        {
            _version[slot] = version + 1;
            _count++;
        }

        if ((_kinds[slot] & (1 << (int)kind)) != 0)
            return;
        _kinds[slot] |= (byte)(1 << (int)kind);
        Mark(slot, kind, now);
        Artifacts++;
        Taken += BoundedFiles.OnDisk(source.SizeOf(version, kind));
    }

    /// <summary>Removes what may go and was last used before <paramref name="before"/>, in the rules' order, until <paramref name="need"/> bytes are free; gives how many are.</summary>
    public long Evict(long need, uint before)
    {
        var cold = new List<(uint Used, long Size, int Slot, ArtifactKind Kind)>();
        for (var slot = 0; slot < _version.Length; slot++)
        {
            foreach (var kind in EvictionRules.Kinds)
            {
                if ((_kinds[slot] & (1 << (int)kind)) != 0 && UsedAt(slot, kind) is var used && used < before)
                    cold.Add((used, source.SizeOf(_version[slot] - 1, kind), slot, kind));
            }
        }

        cold.Sort(static (a, b) => EvictionRules.Compare((a.Used, a.Size), (b.Used, b.Size)) is not 0 and var order ? order : a.Slot.CompareTo(b.Slot));
        var removed = 0L;
        foreach (var (_, size, slot, kind) in cold)
        {
            if (removed >= need)
                break;
            _kinds[slot] &= (byte)~(1 << (int)kind);
            removed += BoundedFiles.OnDisk(size);
            Artifacts--;
            Evicted++;
        }

        Taken -= removed;
        return removed;
    }

    private uint UsedAt(int slot, ArtifactKind kind) => kind == ArtifactKind.Mod ? _usedMod[slot] : _usedZip[slot];

    private void Mark(int slot, ArtifactKind kind, uint now)
    {
        if (kind == ArtifactKind.Mod)
            _usedMod[slot] = now;
        else if (kind == ArtifactKind.Zip)
            _usedZip[slot] = now;
    }

    // The slot of a module version, or the free one where it would be.
    private int SlotOf(int version)
    {
        var mask = _version.Length - 1;
        var slot = (int)(((uint)version * 0x9e3779b1U) >> 7) & mask;
        while (_version[slot] != 0 && _version[slot] != version + 1)
            slot = (slot + 1) & mask;
        return slot;
    }

    private void Grow()
    {
        var (versions, kinds, mods, zips) = (_version, _kinds, _usedMod, _usedZip);
        var size = Math.Max(64, versions.Length * 2);
        (_version, _kinds, _usedMod, _usedZip) = (new int[size], new byte[size], new uint[size], new uint[size]);
        for (var old = 0; old < versions.Length; old++)
        {
            if (versions[old] == 0)
                continue;
            var slot = SlotOf(versions[old] - 1);
            (_version[slot], _kinds[slot], _usedMod[slot], _usedZip[slot]) = (versions[old], kinds[old], mods[old], zips[old]);
        }
    }
}
