using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ProxyCluster.Files;

namespace ProxyCluster.Advisories;

/// <summary>A database on this machine: a directory, or a zip.</summary>
internal sealed class AdvisoryFiles(string path) : IAdvisorySource
{
    private static readonly EnumerationOptions AllFiles = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, MaxRecursionDepth = 8 };

    /// <inheritdoc/>
    public Task<AdvisoryStamp?> TakeAsync(AdvisoryAsk ask, AdvisoryCollection into, CancellationToken cancel) =>
        Task.Run(() => Directory.Exists(path) ? TakeDirectory(ask, into, cancel) : TakeZip(ask, into, cancel), cancel);

    private AdvisoryStamp? TakeZip(AdvisoryAsk ask, AdvisoryCollection into, CancellationToken cancel)
    {
        using var zip = new FileStream(RegularFile.OpenRead(path), FileAccess.Read);
        var stamp = StampOf(string.Create(CultureInfo.InvariantCulture, $"{zip.Length} {File.GetLastWriteTimeUtc(zip.SafeFileHandle).Ticks}"));
        if (stamp == ask.Since)
            return null;
        AdvisoryZip.Take(zip, into, cancel);
        return stamp;
    }

    private AdvisoryStamp? TakeDirectory(AdvisoryAsk ask, AdvisoryCollection into, CancellationToken cancel)
    {
        // 1. Its state, by names, lengths and times.
        var hasRecords = Directory.Exists(Path.Combine(path, AdvisoryLayout.Records));
        var files = new DirectoryInfo(path).EnumerateFiles("*.json", AllFiles)
            .Select(file => (Name: Path.GetRelativePath(path, file.FullName).Replace(Path.DirectorySeparatorChar, '/'), File: file))
            .Where(one => AdvisoryLayout.IsRecord(one.Name, hasRecords))
            .OrderBy(static one => one.Name, StringComparer.Ordinal)
            .ToList();
        if (files.Count == 0)
            throw new AdvisoryException($"{path} holds no records");
        using var state = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, file) in files)
            state.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{name} {file.Length} {file.LastWriteTimeUtc.Ticks}\n")));
        var stamp = StampOf(Convert.ToHexStringLower(state.GetHashAndReset()));
        if (stamp == ask.Since)
            return null;

        // 2. The records; one that cannot be read is as good as a broken one.
        foreach (var (name, file) in files)
        {
            cancel.ThrowIfCancellationRequested();
            if (ReadOrNull(file.FullName, out var why) is { } json)
                into.Add(name, json);
            else
                into.Skip(name, why);
        }

        return stamp;
    }

    private static byte[]? ReadOrNull(string file, out string why)
    {
        why = "";
        try
        {
            using var stream = new FileStream(RegularFile.OpenRead(file), FileAccess.Read, 0);
            return AdvisoryZip.ReadRecord(stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            why = e.Message;
            return null;
        }
    }

    private AdvisoryStamp StampOf(string state) => new(path, null, null, state);
}
