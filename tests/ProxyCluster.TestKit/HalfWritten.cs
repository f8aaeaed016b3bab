namespace ProxyCluster.TestKit;

/// <summary>What a data directory holds that was begun and not finished.</summary>
public static class HalfWritten
{
    /// <summary>
    /// Files under <c>tmp/</c>, save the one by which the store proves once a second that it can still write: that one
    /// may be there at any moment.
    /// </summary>
    public static IReadOnlyList<string> In(string dataDirectory) =>
        [.. Directory.EnumerateFileSystemEntries(Path.Combine(dataDirectory, "tmp"))
            .Where(static path => !Path.GetFileName(path).StartsWith("probe-", StringComparison.Ordinal))];
}
