namespace ProxyCluster.Files;

/// <summary>Files that one process holds for itself (<see cref="FileShare.None"/>).</summary>
internal static class FileLocks
{
    /// <summary>Whether it could not be opened because another holds it: EWOULDBLOCK of flock, sharing and lock violations on Windows.</summary>
    public static bool IsHeld(IOException e) => (e.HResult & 0xffff) is var code
        && (OperatingSystem.IsWindows() ? code is 32 or 33 : code == (OperatingSystem.IsMacOS() ? 35 : 11));
}
