using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ProxyCluster.Files;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.Verification;

/// <summary>
/// What is kept of one checksum database, under its name in the <see cref="ProofDirectory"/>:
/// <code>
/// latest                      the latest signed tree note, plain text
/// lookup/&lt;esc mod&gt;@&lt;esc ver&gt;  a proven lookup response
/// tile/8/L/NNN                the widest proven tile at that place; narrower ones are its beginning
/// tile/8/data/NNN             the same of records
/// forks/                      signed notes that contradict each other, the first hundred pairs
/// tmp/                        files being written; swept before the first write
/// </code>
/// Promises: a reader never sees half a file (temporary file, then rename), and bytes that are not those that were
/// written, whatever a crash or a disk did to them, count as absent: lookups and tiles end with the SHA-256 of what is
/// before it. <c>latest</c> is flushed before it is renamed; a power cut may take it back to an earlier tree, which the
/// log's consistency check covers, and never to a torn one. Where it is damaged or gone all the same, the newest tree of the
/// lookups stands in for it. Losing a write of a lookup or tile costs a request later, so
/// a full disk does not fail a lookup; losing <c>latest</c> is an error.
/// </summary>
internal sealed partial class DiskChecksumDatabaseCache : IChecksumDatabaseCache
{
    // Evidence of more forks than these says nothing new.
    private const int MaxForks = 100;

    private readonly string _root;
    private readonly BoundedFiles _files;
    private readonly ILogger<DiskChecksumDatabaseCache> _logger;

    // Orders writers: compare-and-swap of the head, and "the widest stays". Readers need no lock, rename is atomic.
    private readonly Lock _writing = new();

    // Guarded by _writing. Only the first write touches what an earlier process left: by then this one owns the data.
    private bool _isSwept;

    /// <summary>The cache of one database; nothing is created before the first write.</summary>
    public DiskChecksumDatabaseCache(ProofDirectory directory, string database, ILogger<DiskChecksumDatabaseCache> logger)
    {
        // One directory per name, whatever slashes it has.
        _root = Path.Combine(directory.Path, Uri.EscapeDataString(database));
        _files = directory.Files;
        _logger = logger;
    }

    private string LatestFile => Path.Combine(_root, "latest");

    private string LookupDirectory => Path.Combine(_root, "lookup");

    public ValueTask<byte[]?> ReadTileAsync(Tile tile, CancellationToken cancellationToken) =>
        new(ReadCheckedOrNull(FileOf(tile)) is { } bytes ? tile.BeginningOrNull(bytes) : null);

    public ValueTask WriteTileAsync(Tile tile, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        lock (_writing)
        {
            var file = FileOf(tile);
            if (ReadCheckedOrNull(file) is not { } kept || !kept.AsSpan().StartsWith(bytes.Span))
                TryWriteChecked_NeedsLock(file, bytes.Span);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<byte[]?> ReadLookupAsync(ModuleVersion module, CancellationToken cancellationToken) =>
        new(ReadCheckedOrNull(FileOf(module)));

    public IEnumerable<byte[]> ReadLookups() =>
        Directory.Exists(LookupDirectory)
            ? Directory.EnumerateFiles(LookupDirectory, "*", SearchOption.AllDirectories).Select(ReadCheckedOrNull).OfType<byte[]>()
            : [];

    public ValueTask WriteLookupAsync(ModuleVersion module, ReadOnlyMemory<byte> response, CancellationToken cancellationToken)
    {
        lock (_writing)
            TryWriteChecked_NeedsLock(FileOf(module), response.Span);
        return ValueTask.CompletedTask;
    }

    public ValueTask<string?> ReadLatestAsync(CancellationToken cancellationToken) => new(ReadLatestOrNull());

    public ValueTask<bool> ReplaceLatestAsync(string? expected, string next, CancellationToken cancellationToken)
    {
        lock (_writing)
        {
            if (ReadLatestOrNull() != expected)
                return new(false);
            Write_NeedsLock(LatestFile, Encoding.UTF8.GetBytes(next), [], flush: true);
            return new(true);
        }
    }

    /// <summary>Keeps two notes that contradict each other, once, and gives the file.</summary>
    /// <exception cref="IOException">It cannot be written, or there are enough of them.</exception>
    public string KeepFork(ForkEvidence fork)
    {
        var text = Encoding.UTF8.GetBytes($"{fork.Known}\n---\n\n{fork.Presented}");
        var file = Path.Combine(_root, "forks", $"{Convert.ToHexStringLower(SHA256.HashData(text).AsSpan(0, 8))}.txt");
        lock (_writing)
        {
            if (File.Exists(file))
                return file;

            var forks = Path.GetDirectoryName(file)!;
            if (Directory.Exists(forks) && Directory.EnumerateFiles(forks).Take(MaxForks).Count() == MaxForks)
                throw new IOException($"{forks} has {MaxForks} files already");
            Write_NeedsLock(file, text, [], flush: true);
        }

        return file;
    }

    private string FileOf(Tile tile) => Path.Combine([_root, .. tile.Full.ToString().Split('/')]);

    private string FileOf(ModuleVersion module) =>
        Path.Combine([LookupDirectory, .. $"{module.Path.Escaped}@{module.EscapedVersion}".Split('/')]);

    // Only what is not there was never kept: a head that cannot be read must not look like none.
    private string? ReadLatestOrNull()
    {
        try
        {
            return RegularFile.ReadAllText(LatestFile);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static byte[]? ReadCheckedOrNull(string file)
    {
        try
        {
            var bytes = RegularFile.ReadAllBytes(file);
            if (bytes.Length < Digest.Size)
                return null;

            var content = bytes.AsSpan(0, bytes.Length - Digest.Size);
            return Digest.Of(content) == new Digest(bytes.AsSpan(content.Length)) ? content.ToArray() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void TryWriteChecked_NeedsLock(string file, ReadOnlySpan<byte> bytes)
    {
        try
        {
            var isNew = !File.Exists(file);
            Write_NeedsLock(file, bytes, Digest.Of(bytes).ToArray(), flush: false);
            _files.Added(file, bytes.Length + Digest.Size, isNew);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotKept(_logger, file, e.Message);
        }
    }

    private void Write_NeedsLock(string file, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> trailer, bool flush)
    {
        var temporaries = Path.Combine(_root, "tmp");
        if (!_isSwept)
        {
            Directory.CreateDirectory(temporaries);
            foreach (var leftover in Directory.EnumerateFiles(temporaries))
                File.Delete(leftover);
            _isSwept = true;
        }

        var temporary = Path.Combine(temporaries, Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture));
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        try
        {
            using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                stream.Write(bytes);
                stream.Write(trailer);
                stream.Flush(flush);
            }

            File.Move(temporary, file, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Checksum database file {File} was not kept and will be asked for again: {Reason}")]
        public static partial void NotKept(ILogger logger, string file, string reason);
    }
}
