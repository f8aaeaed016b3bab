using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Storage;

/// <summary>
/// The records of this silo, a file each beside the artifacts that it names, and in memory as long as the file is the same.
/// <para>
/// <b>What cannot be read.</b> A record of another format, a newer program's, is a <see cref="StoreException"/>: it stays as it
/// is. A damaged one counts as absent where a checksum database proves the same again, and is set aside when the next commit
/// needs its place; where nothing else pins the module (<see cref="PinnedModules"/>), it is a <see cref="StoreException"/>
/// too, until somebody restores or deletes it.
/// </para>
/// Whoever writes or removes one holds the module version's lock (<see cref="DiskStore"/>).
/// </summary>
internal sealed partial class DiskRecords(DataTree tree, HotCache cache, PinnedModules pinned, ILogger<DiskRecords> logger)
{
    /// <summary>What is proven and stored of a module version; null when nothing is.</summary>
    /// <exception cref="StoreException">The record is there and cannot be read now, or not by this program.</exception>
    public ModuleRecord? FindOrNull(ModuleVersion module) =>
        cache.FindRecordOrNull(StemOf(module)) is { } known && DiskFile.StampOrNull(tree.RecordPath(module)) == known.Stamp
            ? known.Record
            : ReadOrNull(module, out _);

    /// <summary>Reads and parses, whatever memory holds. What is damaged and may be lost is null, with a sentence.</summary>
    /// <exception cref="StoreException">As above.</exception>
    public ModuleRecord? ReadOrNull(ModuleVersion module, out string? damage)
    {
        damage = null;
        var path = tree.RecordPath(module);
        using var file = DiskFile.OpenOrNull(path);
        if (file is null)
            return null;

        var stamp = DiskFile.StampOf(file);
        var json = DiskFile.ReadAll(file, stamp.Length);
        var record = RecordFile.ParseOrNull(json, out damage);
        if (record is not null && record.Module == module)
        {
            cache.AddRecord(StemOf(module), new HotRecord(record, stamp));
            return record;
        }

        damage ??= $"it is about {record?.Module}";
        if (RecordFile.OtherFormatOrNull(json) is { } format)
        {
            throw new StoreException(
                $"the record of {module} cannot be read by this program: its format is {format}, written by another version of the program");
        }

        if (pinned.Contains(module.Path))
        {
            throw new StoreException(
                $"the record of {module} is damaged ({damage}), and nothing else says what {module} is: no checksum database covers it. "
                + $"Restore {path} from a backup, or delete it to have the next fetch believed");
        }

        Log.Unreadable(logger, module.Path.Value, module.Version, damage);
        return null;
    }

    /// <summary>Writes one in place of whatever is there, all of it or nothing.</summary>
    public void Write(ModuleRecord record, IFlush flush)
    {
        var temporary = tree.NewTemporary("record");
        try
        {
            FileStamp stamp;
            using (var file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                RandomAccess.Write(file, RecordFile.Write(record), 0);
                flush.File(file);
                stamp = DiskFile.StampOf(file);
            }

            var path = tree.RecordPath(record.Module);
            File.Move(temporary, path, overwrite: true);

            // It is the record from here on, whether or not a power cut will spare it.
            cache.AddRecord(StemOf(record.Module), new HotRecord(record, stamp));
            foreach (var kind in Enum.GetValues<ArtifactKind>())
                cache.Renew(DiskStore.KeyOf(record.Module, kind), record);
            flush.Directory(Path.GetDirectoryName(path)!);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Deletes one, from memory first.</summary>
    public void Delete(ModuleVersion module, IFlush flush)
    {
        var path = tree.RecordPath(module);
        cache.RemoveRecord(StemOf(module));
        File.Delete(path);
        flush.Directory(Path.GetDirectoryName(path)!);
    }

    private static string StemOf(ModuleVersion module) => $"{module.Path.Escaped}/{DataTree.VersionsName}/{module.EscapedVersion}";

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Record of {Module}@{Version} could not be read and counts as absent: {Reason}")]
        public static partial void Unreadable(ILogger logger, string module, string version, string reason);
    }
}
