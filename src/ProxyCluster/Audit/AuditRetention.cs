namespace ProxyCluster.Audit;

/// <summary>Which files go. Pure.</summary>
internal static class AuditRetention
{
    /// <summary>
    /// Those to remove, oldest first: what is older than <paramref name="keepFor"/>, unless a line of it is not sent yet, and as many as it
    /// takes to be no more than <paramref name="maxBytes"/>. The last one is written to, and stays.
    /// </summary>
    public static List<RetiredFile> Of(IReadOnlyList<RetiredFile> files, DateTimeOffset now, TimeSpan keepFor, long maxBytes, long sent)
    {
        var bytes = files.Sum(static file => file.Bytes);
        var gone = new List<RetiredFile>();
        for (var i = 0; i < files.Count - 1; i++)
        {
            var isOld = now - files[i].LastWrite > keepFor && files[i + 1].First - 1 <= sent;
            if (!isOld && bytes <= maxBytes)
                break;
            gone.Add(files[i]);
            bytes -= files[i].Bytes;
        }

        return gone;
    }
}

/// <summary>A file that may go.</summary>
/// <param name="First">Number of its first line.</param>
/// <param name="LastWrite">When it was written last, UTC.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Path">Where it is.</param>
internal sealed record RetiredFile(long First, DateTimeOffset LastWrite, long Bytes, string Path);
