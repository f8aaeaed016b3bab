using Microsoft.Win32.SafeHandles;

namespace ProxyCluster.Storage;

/// <summary>
/// Makes what was written survive a power cut. Two of these exist, chosen by <see cref="StorageOptions.Flush"/>; a test
/// puts a third one in their place to see what is on the disk at each flush.
/// </summary>
internal interface IFlush
{
    /// <summary>The file's bytes are on the disk when this returns.</summary>
    /// <exception cref="IOException">The disk did not take them.</exception>
    void File(SafeFileHandle file);

    /// <summary>The directory's entries, and so what was renamed into it, are on the disk when this returns.</summary>
    /// <exception cref="IOException">The disk did not take them.</exception>
    void Directory(string path);
}
