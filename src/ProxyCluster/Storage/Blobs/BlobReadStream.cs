using Azure;

namespace ProxyCluster.Storage.Blobs;

/// <summary>Which blob it is: its name in the container, its entity tag, and the bytes in the whole of it.</summary>
internal sealed record OpenBlob(string Name, ETag ETag, long Length);

/// <summary>
/// A blob's bytes, once, from the start. Where the connection breaks, the package goes on behind the last byte on a new one
/// under the condition that it is still the same blob (its entity tag). Here an end before the blob's length is a failure,
/// and every failure an <see cref="IOException"/>, as of any other stream.
/// </summary>
internal sealed class BlobReadStream(OpenBlob blob, Stream content) : Stream
{
    private long _position;

    /// <summary>What is being read.</summary>
    public OpenBlob Blob { get; } = blob;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => Blob.Length;

    /// <inheritdoc/>
    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The bytes cannot be had any more.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var wanted = (int)Math.Min(buffer.Length, Blob.Length - _position);
        if (wanted == 0)
            return 0;

        string why;
        try
        {
            var read = await content.ReadAsync(buffer[..wanted], cancellationToken);
            _position += read;
            if (read > 0)
                return read;
            why = "the answer ended early";
        }
        catch (Exception e) when (BlobCall.IsFailure(e) && !cancellationToken.IsCancellationRequested)
        {
            why = BlobCall.WhyOf(e);
        }

        throw new IOException($"{Blob.Name} broke off after {_position} of {Blob.Length} bytes: {why}");
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("the network is read asynchronously");

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            content.Dispose();
        base.Dispose(disposing);
    }
}
