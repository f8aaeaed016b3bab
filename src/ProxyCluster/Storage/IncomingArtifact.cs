using System.Security.Cryptography;
using ProxyCluster.GoModules;

namespace ProxyCluster.Storage;

/// <summary>
/// An artifact on its way into the store: a temporary file that hashes what is written to it, can be read back for
/// checking, and disappears unless it is committed.
/// </summary>
internal sealed class IncomingArtifact : IAsyncDisposable
{
    private readonly FileStream _file;
    private readonly SpaceAlarm? _alarm;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _moved;

    /// <param name="path">Where the temporary file is to be.</param>
    /// <param name="alarm">Told when there is no space for it.</param>
    /// <exception cref="StoreException">The disk takes no new file.</exception>
    public IncomingArtifact(string path, SpaceAlarm? alarm = null)
    {
        _alarm = alarm;
        try
        {
            _file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Share = FileShare.Read,
                BufferSize = 0,
            });
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            _hash.Dispose();
            RingIfFull(e);
            throw new StoreException($"no temporary file: {e.Message}", e);
        }
    }

    /// <summary>Bytes written so far.</summary>
    public long Size { get; private set; }

    /// <summary>The digest of all bytes; known after <see cref="Complete"/>.</summary>
    public Digest Sha256 { get; private set; }

    /// <summary>Appends bytes.</summary>
    /// <exception cref="StoreException">The disk is full or broken.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        try
        {
            await _file.WriteAsync(bytes, cancel);
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            RingIfFull(e);
            throw new StoreException($"writing a temporary file failed: {e.Message}", e);
        }

        _hash.AppendData(bytes.Span);
        Size += bytes.Length;
    }

    /// <summary>Ends the writing and gives the content for checking, positioned at its start. The stream stays ours.</summary>
    public Stream Complete()
    {
        Span<byte> hash = stackalloc byte[Digest.Size];
        _hash.GetHashAndReset(hash);
        Sha256 = new Digest(hash);
        _file.Position = 0;
        return _file;
    }

    /// <summary>All bytes, for a store that copies them; valid after <see cref="Complete"/>. The stream stays ours.</summary>
    public Stream Content => _file;

    /// <summary>Makes the bytes survive a power cut.</summary>
    public void Flush(IFlush flush) => flush.File(_file.SafeFileHandle);

    /// <summary>Puts the file, flushed, in its final place; what stood there, named by no record, is replaced.</summary>
    public FileStamp MoveTo(string path)
    {
        File.Move(_file.Name, path, overwrite: true);
        _moved = true;
        return DiskFile.StampOf(_file.SafeFileHandle);
    }

    public async ValueTask DisposeAsync()
    {
        _hash.Dispose();
        try
        {
            await _file.DisposeAsync();
            if (!_moved)
                File.Delete(_file.Name);
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            // What became of the artifact is known already; what is left of it goes at the next start.
        }
    }

    private void RingIfFull(Exception e)
    {
        if (StoreException.IsNoSpace(e))
            _alarm?.DiskFull();
    }
}
