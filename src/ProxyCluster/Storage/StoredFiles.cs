using System.Runtime.CompilerServices;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Storage;

/// <summary>
/// The artifacts of one module version on this disk. Sizes change under the <see cref="StoreIndex"/>'s lock; uses are
/// marked by whoever serves one, without.
/// </summary>
internal sealed class StoredFiles(StoreIndex index)
{
    private Slots _slots;

    private struct Slot
    {
        public bool IsThere;
        public uint Used;
        public long Size;
    }

    [InlineArray(3)]
    private struct Slots
    {
        private Slot _first;
    }

    /// <summary>The last use that the record's file tells, Unix seconds.</summary>
    public uint Written { get; set; }

    /// <summary>The latest use of any of them, Unix seconds.</summary>
    public uint LastUse => Math.Max(_slots[0].Used, Math.Max(_slots[1].Used, _slots[2].Used));

    public bool IsEmpty => !_slots[0].IsThere && !_slots[1].IsThere && !_slots[2].IsThere;

    public bool Has(ArtifactKind kind) => _slots[(int)kind].IsThere;

    public long SizeOf(ArtifactKind kind) => _slots[(int)kind].Size;

    public uint UsedAt(ArtifactKind kind) => _slots[(int)kind].Used;

    /// <summary>Marks a use. Hot path: no lock, and no write while the index's clock stands still.</summary>
    public void Use(ArtifactKind kind)
    {
        var now = index.Now;
        ref var used = ref _slots[(int)kind].Used;
        if (used < now)
            used = now;
    }

    public void Set(ArtifactKind kind, long size, uint used) =>
        _slots[(int)kind] = new Slot { IsThere = true, Size = size, Used = used };

    public void Clear(ArtifactKind kind) => _slots[(int)kind] = default;
}
