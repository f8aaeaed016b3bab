namespace ProxyCluster.Storage.Blobs;

/// <summary>A blob as its headers describe it.</summary>
/// <param name="Name">The name in the container.</param>
/// <param name="ETag">Its entity tag, as it goes into a condition.</param>
/// <param name="Length">Bytes in the whole of it.</param>
internal sealed record BlobProperties(string Name, string ETag, long Length);

/// <summary>One page of a listing; <paramref name="Next"/> asks for the one behind it, null on the last.</summary>
internal sealed record BlobPage(IReadOnlyList<string> Names, string? Next);

/// <summary>An open blob: its properties and its bytes as they arrive.</summary>
internal sealed record BlobBody(BlobProperties Properties, Stream Content);
