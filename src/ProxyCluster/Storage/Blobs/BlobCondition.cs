namespace ProxyCluster.Storage.Blobs;

/// <summary>Under which condition a blob is written, read or deleted; the default is none.</summary>
internal readonly record struct BlobCondition
{
    private BlobCondition(string header, string value) => (Header, Value) = (header, value);

    /// <summary>Only if there is no such blob.</summary>
    public static BlobCondition IfAbsent { get; } = new("If-None-Match", "*");

    /// <summary>The header's name, or null.</summary>
    public string? Header { get; }

    /// <summary>The header's value, or null.</summary>
    public string? Value { get; }

    /// <summary>Only if it is still the blob with this entity tag.</summary>
    public static BlobCondition IfMatch(string etag) => new("If-Match", etag);
}
