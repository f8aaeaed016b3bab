namespace ProxyCluster.Storage;

/// <summary>
/// A store is full, broken, out of reach or not ours. Its own type, so that nobody takes it for an upstream's network error.
/// </summary>
public sealed class StoreException : Exception
{
    /// <summary>What the store's answer was, in one sentence.</summary>
    public StoreException(string message)
        : base(message)
    {
    }

    /// <summary>Wraps what the file system or the network said.</summary>
    public StoreException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Is this how the file system, or the store on it, reports that it cannot do its work?</summary>
    internal static bool IsCause(Exception e) => e is IOException or UnauthorizedAccessException or StoreException;

    /// <summary>
    /// Is it that the disk has lost what the file held (EIO; a failed checksum on Windows)? Then waiting does not help, as
    /// it may where permissions or handles are missing.
    /// </summary>
    internal static bool IsLostData(Exception e) =>
        (e is StoreException ? e.InnerException : e) is IOException cause && (cause.HResult & 0xffff) is var code
        && (OperatingSystem.IsWindows() ? code is 23 or 30 : code == 5);

    /// <summary>Is it that the file system is mounted read-only (EROFS; a write-protected medium on Windows)?</summary>
    internal static bool IsReadOnly(Exception e) =>
        e is IOException && (e.HResult & 0xffff) is var code && code == (OperatingSystem.IsWindows() ? 19 : 30);

    /// <summary>Is it that there is no space left, for us or at all?</summary>
    internal static bool IsNoSpace(Exception e) =>
        e is IOException && (e.HResult & 0xffff) is var code
        && (OperatingSystem.IsWindows() ? code is 39 or 112 : code == 28 || code == (OperatingSystem.IsMacOS() ? 69 : 122));
}
