using System.IO.Compression;

namespace ProxyCluster.Advisories;

/// <summary>Records that are kept, open; for several tasks at once.</summary>
internal sealed class KeptRecords(ZipArchive zip, IReadOnlyDictionary<string, DateTimeOffset?> modified) : IDisposable
{
    private readonly Lock _reading = new();

    /// <summary>When a record was modified; null where there is none, or it does not say.</summary>
    public DateTimeOffset? ModifiedOf(string id) => modified.GetValueOrDefault(id);

    /// <summary>The text of a record; null where there is none, or it cannot be read: it is fetched again.</summary>
    public byte[]? ReadOrNull(string id)
    {
        try
        {
            lock (_reading)
                return zip.GetEntry($"{AdvisoryLayout.Records}{id}.json") is { } entry ? AdvisoryZip.Read(entry) : null;
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            return null;
        }
    }

    public void Dispose() => zip.Dispose();
}
