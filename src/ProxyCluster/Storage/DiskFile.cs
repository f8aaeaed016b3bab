using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using ProxyCluster.Files;
using ProxyCluster.GoModules;

namespace ProxyCluster.Storage;

/// <summary>
/// Reading a file of the store. A file that is not there is an answer; everything else that keeps it from being read (no
/// permission, a broken disk, no more handles) is a <see cref="StoreException"/>, whoever asks.
/// </summary>
internal static class DiskFile
{
    /// <summary>Opens a file for reading from start to end; null when there is none.</summary>
    /// <exception cref="StoreException">It cannot be opened now.</exception>
    public static SafeFileHandle? OpenOrNull(string path)
    {
        try
        {
            return RegularFile.OpenRead(path);
        }
        catch (Exception e) when (IsAbsence(e))
        {
            return null;
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            throw new StoreException($"{path} cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>What a file is now; null when there is none.</summary>
    /// <exception cref="StoreException">It cannot be opened now.</exception>
    public static FileStamp? StampOrNull(string path)
    {
        using var file = OpenOrNull(path);
        return file is null ? null : StampOf(file);
    }

    /// <summary>What an open file is now.</summary>
    /// <exception cref="StoreException">The disk does not say.</exception>
    public static FileStamp StampOf(SafeFileHandle file) =>
        Read(file, static file => new FileStamp(RandomAccess.GetLength(file), File.GetLastWriteTimeUtc(file)));

    /// <summary>The first <paramref name="length"/> bytes; fewer when there are no more.</summary>
    /// <exception cref="StoreException">The disk does not give them.</exception>
    public static byte[] ReadAll(SafeFileHandle file, long length) => Read(file, file =>
    {
        var bytes = new byte[length];
        var read = 0;
        for (int more; (more = RandomAccess.Read(file, bytes.AsSpan(read), read)) > 0;)
            read += more;
        return read == length ? bytes : bytes[..read];
    });

    /// <summary>The digest of all bytes, read a piece at a time.</summary>
    /// <exception cref="StoreException">The disk does not give them.</exception>
    public static async ValueTask<Digest> HashAsync(SafeFileHandle file, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
        try
        {
            for (long offset = 0; ;)
            {
                var read = await RandomAccess.ReadAsync(file, buffer, offset, cancel);
                if (read == 0)
                    break;
                hash.AppendData(buffer.AsSpan(0, read));
                offset += read;
            }
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            throw Unreadable(e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        var digest = new byte[Digest.Size];
        hash.GetHashAndReset(digest);
        return new Digest(digest);
    }

    /// <summary>
    /// Is this how the file system says that there is no such file? A name that is too long for it is one, since nothing
    /// was ever stored under it.
    /// </summary>
    public static bool IsAbsence(Exception e) => e is FileNotFoundException or DirectoryNotFoundException or PathTooLongException;

    private static T Read<T>(SafeFileHandle file, Func<SafeFileHandle, T> read)
    {
        try
        {
            return read(file);
        }
        catch (Exception e) when (StoreException.IsCause(e) || e is NotSupportedException)
        {
            throw Unreadable(e); // what has no length is no file of ours, but a pipe or a device in its place
        }
    }

    private static StoreException Unreadable(Exception e) => new($"a stored file cannot be read: {e.Message}", e);
}
