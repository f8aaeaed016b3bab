using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ProxyCluster.Files;

/// <summary>
/// Opening files that others may have put there. A pipe in a file's place would hold whoever opens it until somebody
/// writes, a device never ends: only a regular file is opened, without a wait, and what is judged is what was opened.
/// <para>
/// Linux only; elsewhere it is opened as the platform does. There is no portable way to ask what sort of file a handle is.
/// </para>
/// </summary>
internal static partial class RegularFile
{
    // Nothing that is read whole is larger: answers of upstreams and databases have smaller limits.
    private const long MaxWhole = 64L << 20;

    // O_RDONLY | O_NONBLOCK | O_CLOEXEC; the second means nothing to a regular file. fcntl.h of Linux on x86-64 and arm64.
    private const int ReadWithoutWait = 0x800 | 0x80000;

    // AT_EMPTY_PATH, STATX_TYPE, and struct statx, which is laid out the same on every architecture.
    private const int TheFileItself = 0x1000;
    private const uint TypeOnly = 1;
    private const int StatxSize = 256;
    private const int ModeOffset = 28;
    private const int TypeMask = 0xF000;
    private const int Regular = 0x8000;
    private const int Directory = 0x4000;

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="NotRegularException">It is something else: a pipe, a socket, a device.</exception>
    /// <exception cref="IOException">It is not there, or cannot be read; the same ones as <see cref="File.OpenHandle"/> throws.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read, or is a directory.</exception>
    public static SafeFileHandle OpenRead(string path)
    {
        if (!OperatingSystem.IsLinux())
            return File.OpenHandle(path, options: FileOptions.SequentialScan);

        var opened = open(path, ReadWithoutWait);
        if (opened < 0)
            throw NotOpened(path, Marshal.GetLastPInvokeError());

        var file = new SafeFileHandle(opened, ownsHandle: true);
        Span<byte> said = stackalloc byte[StatxSize];
        var type = statx(file, "", TheFileItself, TypeOnly, said) == 0 ? BitConverter.ToUInt16(said[ModeOffset..]) & TypeMask : 0;
        if (type == Regular)
            return file;
        file.Dispose();
        throw type == Directory ? new UnauthorizedAccessException($"{path} is a directory") : new NotRegularException(path);
    }

    /// <summary>All bytes of a file that is small.</summary>
    /// <exception cref="IOException">It has more than 64 MiB, or see <see cref="OpenRead"/>.</exception>
    public static byte[] ReadAllBytes(string path)
    {
        using var stream = new FileStream(OpenRead(path), FileAccess.Read, 0);
        if (stream.Length > MaxWhole)
            throw new IOException($"{path} has {stream.Length} bytes: it cannot be what was written there");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>All text of a file.</summary>
    public static string ReadAllText(string path) => System.Text.Encoding.UTF8.GetString(ReadAllBytes(path));

    /// <summary>Where an open file is, all links followed; null where the platform does not say.</summary>
    public static string? RealPathOrNull(SafeFileHandle file) =>
        OperatingSystem.IsLinux() ? new FileInfo($"/proc/self/fd/{file.DangerousGetHandle()}").LinkTarget : null;

    /// <summary>Where a directory is, all links followed; null where there is none, or the platform does not say.</summary>
    public static string? RealPathOfDirectoryOrNull(string path)
    {
        if (!OperatingSystem.IsLinux() || open(path, ReadWithoutWait) is not (>= 0 and var opened))
            return null;
        using var directory = new SafeFileHandle(opened, ownsHandle: true);
        return RealPathOrNull(directory);
    }

    private static Exception NotOpened(string path, int error)
    {
        var why = $"{path}: {Marshal.GetPInvokeErrorMessage(error)}";
        return error switch
        {
            1 or 13 => new UnauthorizedAccessException(why),
            2 => new FileNotFoundException(why, path),
            6 => new NotRegularException(path), // a socket
            20 => new DirectoryNotFoundException(why),
            36 => new PathTooLongException(why),
            _ => new IOException(why, error),
        };
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(SafeFileHandle directory, string path, int flags, uint mask, Span<byte> result);
}

/// <summary>What stands in a file's place is none.</summary>
internal sealed class NotRegularException(string path) : IOException($"{path} is no regular file");
