namespace ProxyCluster.Storage;

/// <summary>The disk is full, broken or not ours. Its own type, so that nobody takes it for a network error.</summary>
public sealed class StoreException : Exception
{
    /// <summary>Wraps what the file system said.</summary>
    public StoreException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Is this how the file system reports that it cannot do its work?</summary>
    internal static bool IsCause(Exception e) => e is IOException or UnauthorizedAccessException;
}
