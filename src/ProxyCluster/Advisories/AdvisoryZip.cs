using System.IO.Compression;
using ProxyCluster.GoModules.Advisories;

namespace ProxyCluster.Advisories;

/// <summary>Reads records out of a zip. Its directory is a stranger's word: no entry is read further than a record may be long.</summary>
internal static class AdvisoryZip
{
    /// <summary>Takes all records of a zip.</summary>
    /// <exception cref="AdvisoryException">It is no zip, or holds none.</exception>
    public static void Take(Stream zip, AdvisoryCollection into, CancellationToken cancel)
    {
        try
        {
            using var archive = new ZipArchive(zip, ZipArchiveMode.Read, leaveOpen: true);
            var hasRecords = archive.Entries.Any(static entry => AdvisoryLayout.Below(entry.FullName, AdvisoryLayout.Records));
            var found = false;
            foreach (var entry in archive.Entries.Where(entry => AdvisoryLayout.IsRecord(entry.FullName, hasRecords)))
            {
                cancel.ThrowIfCancellationRequested();
                found = true;
                into.Add(entry.FullName, Read(entry));
            }

            if (!found)
                throw new AdvisoryException("the zip holds no records");
        }
        catch (InvalidDataException e)
        {
            throw new AdvisoryException($"the zip cannot be read: {e.Message}");
        }
    }

    /// <summary>An entry's bytes; one more than a record may have, where there are more.</summary>
    public static byte[] Read(ZipArchiveEntry entry)
    {
        using var stream = entry.Open();
        return ReadRecord(stream);
    }

    /// <summary>The same of a stream.</summary>
    public static byte[] ReadRecord(Stream stream)
    {
        var bytes = new MemoryStream();
        var buffer = new byte[16 << 10];
        while (bytes.Length <= Advisory.MaxSize && stream.Read(buffer) is > 0 and var read)
            bytes.Write(buffer, 0, read);
        return bytes.ToArray();
    }
}
