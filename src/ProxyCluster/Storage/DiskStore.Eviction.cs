using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Storage;

/// <summary>How an artifact leaves the disk while its record stays.</summary>
internal sealed partial class DiskStore
{
    /// <summary>
    /// Removes an artifact's bytes unless it was used at <paramref name="unusedSince"/> (Unix seconds) or later; gives how
    /// many they took on the disk. Its record goes on naming it and says that it was evicted, so that <c>verify</c> does not miss it.
    /// </summary>
    public async Task<long> EvictAsync(ModuleVersion module, ArtifactKind kind, uint unusedSince, CancellationToken cancel)
    {
        // Commits wait: what they are told about the present bytes stays true until they are done.
        using var held = await _changes.TakeAsync(module, cancel);
        var key = KeyOf(module, kind);
        if (index.FindOrNull(key, kind) is not { } files || !files.Has(kind) || files.UsedAt(kind) >= unusedSince)
            return 0;

        // 1. The bytes, at once: on a full disk there is no room for a note before they are gone.
        cache.Remove(key);
        var path = tree.ArtifactPath(module, kind);
        try
        {
            if (!File.Exists(path))
            {
                // Somebody else took it away, and `verify` is to say so.
                index.Gone(key, kind);
                return 0;
            }

            File.Delete(path);
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            Log.NotEvicted(logger, module.Path.Value, module.Version, LabelOf(kind), e.Message);
            return 0;
        }

        // 2. The note; without it `verify` reports the bytes as missing until they are fetched again.
        var lastUse = files.LastUse;
        var bytes = index.Gone(key, kind);
        try
        {
            if (records.ReadOrNull(module, out _) is { } record && record.ArtifactOrNull(kind) is { } stored)
                NoteEviction_NeedsLock(record.With(kind, stored with { Evicted = clock.GetUtcNow() }), lastUse);
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            Log.EvictionNotNoted(logger, module.Path.Value, module.Version, LabelOf(kind), e.Message);
        }

        metrics.Evictions.Add(1, new KeyValuePair<string, object?>("artifact", LabelOf(kind)));
        return bytes;
    }

    // Not flushed: a note that a power cut takes away costs one line of `verify`, and a round writes thousands.
    private void NoteEviction_NeedsLock(ModuleRecord record, uint lastUse)
    {
        records.Write(record, new NoFlush());

        // The file's time is the last use of what is left, and this was none.
        File.SetLastWriteTimeUtc(tree.RecordPath(record.Module), DateTimeOffset.FromUnixTimeSeconds(lastUse).UtcDateTime);
    }
}
