using System.IO.Enumeration;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Storage;

/// <summary>
/// Finds what is stored, by names, sizes and times of files alone: nothing is opened. An artifact's last use is the later
/// of its own modification time, when it was committed, and that of its record, which <see cref="Eviction"/> moves.
/// </summary>
internal sealed class StoreScan(DataTree tree, StoreIndex index)
{
    private readonly record struct Entry(string Name, long Length, DateTimeOffset Modified);

    /// <summary>Walks the tree and tells the index.</summary>
    /// <exception cref="IOException">The disk cannot be read.</exception>
    public void Run(CancellationToken cancel)
    {
        try
        {
            Walk(cancel);
            index.Complete();
        }
        finally
        {
            index.WalkEnded();
        }
    }

    private void Walk(CancellationToken cancel)
    {
        foreach (var directory in Directory.EnumerateDirectories(tree.Modules, DataTree.VersionsName, SearchOption.AllDirectories))
        {
            cancel.ThrowIfCancellationRequested();
            var module = Path.GetRelativePath(tree.Modules, directory).Replace(Path.DirectorySeparatorChar, '/');
            var entries = EntriesOf(directory).ToList();
            var uses = entries
                .Where(static e => e.Name.EndsWith(DataTree.RecordEnding, StringComparison.Ordinal))
                .ToDictionary(static e => e.Name[..^DataTree.RecordEnding.Length], static e => StoreIndex.SecondsOf(e.Modified), StringComparer.Ordinal);
            foreach (var entry in entries)
            {
                if (KindOrNull(entry.Name) is not { } kind)
                    continue;

                var version = entry.Name[..^DataTree.Ending(kind).Length];
                var used = Math.Max(StoreIndex.SecondsOf(entry.Modified), uses.GetValueOrDefault(version));
                index.Found($"{module}/{version}", kind, entry.Length, used);
            }
        }
    }

    private static FileSystemEnumerable<Entry> EntriesOf(string directory) => new(
        directory,
        static (ref FileSystemEntry e) => new Entry(e.FileName.ToString(), e.Length, e.LastWriteTimeUtc))
    {
        ShouldIncludePredicate = static (ref FileSystemEntry e) => !e.IsDirectory,
    };

    private static ArtifactKind? KindOrNull(ReadOnlySpan<char> name)
    {
        foreach (var kind in (ReadOnlySpan<ArtifactKind>)[ArtifactKind.Info, ArtifactKind.Mod, ArtifactKind.Zip])
        {
            if (name.EndsWith(DataTree.Ending(kind), StringComparison.Ordinal))
                return kind;
        }

        return null;
    }
}
