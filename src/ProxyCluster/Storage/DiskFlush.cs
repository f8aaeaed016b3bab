using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ProxyCluster.Storage;

/// <summary>
/// fsync, of files and of directories: a rename is durable only once the directory that holds the new name is (POSIX
/// <c>fsync</c>). .NET opens no directories, hence the few functions of libc. Windows has no such call and needs none:
/// NTFS journals its names in order.
/// </summary>
internal sealed partial class DiskFlush : IFlush
{
    private const int InvalidArgument = 22;

    // O_RDONLY | O_CLOEXEC, whose value differs: fcntl.h of Linux and of macOS.
    private static readonly int ReadOnly = OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    public void File(SafeFileHandle file) => RandomAccess.FlushToDisk(file);

    public void Directory(string path)
    {
        if (OperatingSystem.IsWindows())
            return;

        var directory = open(path, ReadOnly);
        if (directory < 0)
            throw Failed("opening", path);

        try
        {
            // Some network and user-space file systems know no fsync of directories; they cannot be asked for more.
            if (fsync(directory) < 0 && Marshal.GetLastPInvokeError() != InvalidArgument)
                throw Failed("flushing", path);
        }
        finally
        {
            _ = close(directory);
        }
    }

    private static IOException Failed(string doing, string path) => new(
        $"{doing} the directory {path} failed: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}",
        Marshal.GetLastPInvokeError());

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int file);
}
