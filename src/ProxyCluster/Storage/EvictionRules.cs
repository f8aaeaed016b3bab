using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Storage;

/// <summary>How much has to go, as a pure function of what is there.</summary>
internal static class EvictionRules
{
    /// <summary>
    /// An artifact that was used within this time stays: somebody who was just told that it is stored is about to open it,
    /// or to let go of another copy. Longer than the clock of uses is coarse (<see cref="Eviction.LookEvery"/>).
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    /// <summary>What goes. <c>.info</c> stays: no authority covers it (<see cref="Eviction"/>).</summary>
    public static ReadOnlySpan<ArtifactKind> Kinds => [ArtifactKind.Mod, ArtifactKind.Zip];

    /// <summary>
    /// The order in which artifacts go, by last use and size: the longest unused first. Among equals the large ones: they free
    /// the most for the fewest misses to come.
    /// </summary>
    public static int Compare((uint Used, long Size) a, (uint Used, long Size) b) =>
        a.Used != b.Used ? a.Used.CompareTo(b.Used) : b.Size.CompareTo(a.Size);

    /// <summary>
    /// Bytes to remove now; zero when nothing asks for it. A round that began goes on to the low-water mark, so that the
    /// next one is not due with the next commit.
    /// </summary>
    /// <param name="stored">Bytes that count against the cap.</param>
    /// <param name="free">Bytes that the file system has left.</param>
    /// <param name="diskFull">Whether the disk refused a write since the last round.</param>
    /// <param name="options">The limits.</param>
    public static long BytesToRemove(long stored, long free, bool diskFull, StorageOptions options)
    {
        var need = 0L;
        if (options.MaxBytes is { } max && stored > max)
            need = stored - PercentOf(max, options.LowWaterPercent);
        if (options.MinFreeBytes is { } min && free < min)
            need = Math.Max(need, min + PercentOf(min, 100 - options.LowWaterPercent) - free);

        // A full disk with room under the cap: somebody else's files fill it, or the cap is larger than the disk.
        if (diskFull && options.Evicts)
            need = Math.Max(need, Math.Max(1, PercentOf(stored, 100 - options.LowWaterPercent)));
        return Math.Min(need, stored);
    }

    private static long PercentOf(long bytes, int percent) => (long)(bytes * (decimal)percent / 100);
}
