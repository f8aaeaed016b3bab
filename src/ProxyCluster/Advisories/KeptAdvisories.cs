using System.IO.Compression;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ProxyCluster.Files;
using ProxyCluster.GoModules.Advisories;
using ProxyCluster.Storage;

namespace ProxyCluster.Advisories;

/// <summary>
/// The records that were taken last, as they came, in one zip with the layout of a database: all of it or nothing, and
/// <c>vuln --vulndb</c> reads it as well. A process without a data directory keeps it in memory.
/// </summary>
internal sealed partial class KeptAdvisories(DataTree tree, IFlush flush, IOptions<StorageOptions> storage, IOptions<AdvisoryOptions> options, ILogger<KeptAdvisories> logger)
{
    /// <summary>The entry that says of which state they are.</summary>
    public const string StampName = "stamp.json";

    // Replaced whole, by whoever follows the database.
    private Dictionary<string, DateTimeOffset?> _modified = new(StringComparer.Ordinal);
    private byte[]? _inMemory;

    /// <summary>The state that they are of; null where nothing is kept.</summary>
    public AdvisoryStamp? Stamp { get; private set; }

    private bool IsOnDisk => storage.Value.IsUsed && !tree.IsReadOnly;

    /// <summary>Reads what is kept; null where there is nothing, or nothing that can be read, which is logged.</summary>
    public AdvisorySet? LoadOrNull()
    {
        if (!storage.Value.IsUsed || !File.Exists(tree.Advisories))
            return null;
        try
        {
            var records = new AdvisoryCollection(options.Value);
            using var zip = new FileStream(RegularFile.OpenRead(tree.Advisories), FileAccess.Read);
            AdvisoryZip.Take(zip, records, CancellationToken.None);
            using var archive = new ZipArchive(zip, ZipArchiveMode.Read);
            Stamp = archive.GetEntry(StampName) is { } stamp
                ? JsonSerializer.Deserialize(AdvisoryZip.Read(stamp), AdvisoryJson.Default.AdvisoryStamp) : null;
            return Know(records);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or JsonException)
        {
            Log.Unreadable(logger, tree.Advisories, e.Message);
            return null;
        }
    }

    /// <summary>Keeps others in their place.</summary>
    public AdvisorySet Keep(byte[] zip, AdvisoryCollection records, AdvisoryStamp stamp)
    {
        _inMemory = IsOnDisk && Write(zip) ? null : zip;
        Stamp = stamp;
        return Know(records);
    }

    /// <summary>Opens what is kept; null where that is nothing, or cannot be read: then everything is taken anew.</summary>
    public KeptRecords? OpenOrNull()
    {
        if (_modified.Count == 0)
            return null;
        try
        {
            Stream zip = _inMemory is { } bytes ? new MemoryStream(bytes, writable: false) : new FileStream(RegularFile.OpenRead(tree.Advisories), FileAccess.Read);
            return new KeptRecords(new ZipArchive(zip, ZipArchiveMode.Read), _modified);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return null;
        }
    }

    private AdvisorySet Know(AdvisoryCollection records)
    {
        _modified = records.Advisories.DistinctBy(static advisory => advisory.Id).ToDictionary(static advisory => advisory.Id, static advisory => advisory.Modified, StringComparer.Ordinal);
        return new AdvisorySet(records.Advisories);
    }

    private bool Write(byte[] zip)
    {
        var temporary = tree.NewTemporary("advisories");
        try
        {
            using (var file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                RandomAccess.Write(file, zip, 0);
                flush.File(file);
            }

            File.Move(temporary, tree.Advisories, overwrite: true);
            flush.Directory(tree.Root);
            return true;
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            Log.NotKept(logger, e.Message); // what is half written goes at the next start
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The advisories in {File} cannot be read; none are in force until the database is: {Reason}")]
        public static partial void Unreadable(ILogger logger, string file, string reason);

        [LoggerMessage(LogLevel.Error, "New advisories are in force, but could not be written to the disk: {Reason}")]
        public static partial void NotKept(ILogger logger, string reason);
    }
}
