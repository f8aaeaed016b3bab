namespace ProxyCluster.Storage.Blobs;

/// <summary>A blob as a listing or its headers describe it.</summary>
/// <param name="Name">The name in the container.</param>
/// <param name="ETag">Its entity tag, as it goes into a condition.</param>
/// <param name="Length">Bytes in it.</param>
/// <param name="Modified">When it was last written, by the store's clock.</param>
internal sealed record BlobProperties(string Name, string ETag, long Length, DateTimeOffset Modified);

/// <summary>One page of a listing; <paramref name="Next"/> asks for the one behind it, null on the last.</summary>
internal sealed record BlobPage(IReadOnlyList<BlobProperties> Blobs, string? Next);

/// <summary>An open blob: its properties (the length is that of the whole blob) and its bytes as they arrive.</summary>
internal sealed record BlobBody(BlobProperties Properties, Stream Content);
