using ProxyCluster.Files;

namespace ProxyCluster.Verification;

/// <summary>
/// Where what checksum databases have proven is kept, a directory for each. Whoever owns the data directory registers
/// it: this room does not know what else lies there.
/// </summary>
/// <param name="Files">The directory; it is made when there is something to keep.</param>
internal sealed record ProofDirectory(BoundedFiles Files) : IDisposable, IAsyncDisposable
{
    /// <summary>The directory's path.</summary>
    public string Path => Files.Root;

    /// <summary>Such a directory, in which lookups and tiles take no more than so many bytes; heads and forks stay.</summary>
    public static BoundedFiles Bounded(string path, long maxBytes, ILogger logger) => new(
        path, logger, new Allotment(file => IsProof(file.AsSpan(path.Length).TrimStart(System.IO.Path.DirectorySeparatorChar)), int.MaxValue, maxBytes));

    public void Dispose() => Files.Dispose();

    public ValueTask DisposeAsync() => Files.DisposeAsync();

    // DATABASE/lookup/… and DATABASE/tile/…; losing one costs a request later.
    private static bool IsProof(ReadOnlySpan<char> file)
    {
        var below = file[(file.IndexOf(System.IO.Path.DirectorySeparatorChar) + 1)..];
        return below.StartsWith("lookup") || below.StartsWith("tile");
    }
}
