using System.Formats.Tar;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.Repositories;

/// <summary>The files of a repository's archive, as git and hg write it, without reading them.</summary>
internal static class ArchiveFiles
{
    /// <summary>A tar has a block and padding for each file, beside what a zip may hold.</summary>
    public static readonly long MaxBytes = ZipLimits.Default.MaxContentBytes + (1024L * ZipLimits.Default.MaxEntries);

    /// <summary>
    /// The files below a directory, paths relative to it; they are read from the archive, which stays open.
    /// </summary>
    /// <param name="archive">A tar on disk.</param>
    /// <param name="directory">Empty for the root.</param>
    /// <param name="max">More files than this are none.</param>
    /// <exception cref="InvalidDataException">It is no tar, or has too many files.</exception>
    public static List<ModuleFile> In(FileStream archive, string directory, int max)
    {
        var files = new List<ModuleFile>();
        var prefix = directory.Length == 0 ? "" : directory + "/";
        archive.Position = 0;
        using var reader = new TarReader(archive, leaveOpen: true);
        while (reader.GetNextEntry(copyData: false) is { } entry)
        {
            if (entry.EntryType is TarEntryType.GlobalExtendedAttributes or TarEntryType.Directory || !entry.Name.StartsWith(prefix, StringComparison.Ordinal))
                continue;
            if (files.Count == max)
                throw new InvalidDataException($"the repository has more than {max} files");

            var (offset, length) = (entry.DataOffset, entry.Length);
            var kind = entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile ? ModuleFileKind.Regular
                : entry.EntryType is TarEntryType.SymbolicLink ? ModuleFileKind.SymbolicLink
                : ModuleFileKind.Irregular;
            files.Add(new ModuleFile(entry.Name[prefix.Length..], length, kind, () => new Part(archive, offset, length)));
        }

        return files;
    }

    /// <summary>A part of a file; one is read at a time.</summary>
    private sealed class Part(FileStream file, long offset, long length) : Stream
    {
        private long _read;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position
        {
            get => _read;
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            var count = RandomAccess.Read(file.SafeFileHandle, buffer[..(int)Math.Min(buffer.Length, length - _read)], offset + _read);
            _read += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
