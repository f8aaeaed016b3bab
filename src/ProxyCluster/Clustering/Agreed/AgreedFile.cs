using System.Buffers.Text;
using Microsoft.Extensions.Options;
using ProxyCluster.Files;
using ProxyCluster.Storage;

namespace ProxyCluster.Clustering.Agreed;

/// <summary>
/// What a member heard last, on its disk: a silo that comes up while nobody else can be reached obeys that. The first line
/// is the revision, the rest is the content.
/// </summary>
internal sealed partial class AgreedFile(DataTree tree, IFlush flush, IOptions<StorageOptions> options, ILogger<AgreedFile> logger)
{
    // A front end has no data directory; one that is mounted read-only is left as it is.
    private bool IsKept => options.Value.IsUsed && !tree.IsReadOnly;

    /// <summary>Reads it; nothing where there is none, or none that can be read, which is logged.</summary>
    public AgreedDocument Read(string name)
    {
        var path = PathOf(name);
        if (!options.Value.IsUsed || !File.Exists(path))
            return AgreedDocument.None;
        try
        {
            if (ParseOrNull(RegularFile.ReadAllBytes(path)) is { } document)
                return document;
            Log.Unreadable(logger, path, "its first line is no revision");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Unreadable(logger, path, e.Message);
        }

        return AgreedDocument.None;
    }

    /// <summary>What such a file holds; null where it is none.</summary>
    public static AgreedDocument? ParseOrNull(byte[] bytes)
    {
        var end = bytes.AsSpan().IndexOf((byte)'\n');
        return end > 0 && Utf8Parser.TryParse(bytes.AsSpan(0, end), out long revision, out var read) && read == end && revision > 0
            ? new AgreedDocument(revision, bytes[(end + 1)..])
            : null;
    }

    /// <summary>Writes it, all of it or nothing. A disk that does not take it costs this member its memory of it, which is logged.</summary>
    public void Write(string name, AgreedDocument document)
    {
        if (!IsKept)
            return;
        var temporary = tree.NewTemporary(name);
        try
        {
            using (var file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                var first = System.Text.Encoding.ASCII.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{document.Revision}\n"));
                RandomAccess.Write(file, first, 0);
                RandomAccess.Write(file, document.Content, first.Length);
                flush.File(file);
            }

            File.Move(temporary, PathOf(name), overwrite: true);
            flush.Directory(tree.Agreed);
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            Log.NotKept(logger, name, document.Revision, e.Message); // what is half written goes at the next start
        }
    }

    private string PathOf(string name) => Path.Combine(tree.Agreed, name);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "{File} cannot be read and counts as absent until the cluster says what it holds: {Reason}")]
        public static partial void Unreadable(ILogger logger, string file, string reason);

        [LoggerMessage(LogLevel.Error, "The cluster's {Name} of revision {Revision} are in force here, but could not be written to this member's disk: {Reason}")]
        public static partial void NotKept(ILogger logger, string name, long revision, string reason);
    }
}
