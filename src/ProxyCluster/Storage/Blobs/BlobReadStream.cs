namespace ProxyCluster.Storage.Blobs;

/// <summary>
/// A blob's bytes, once, from the start. Where the connection breaks, reading goes on behind the last byte on a new one,
/// as long as it is still the same blob (its entity tag). Ends at the blob's length.
/// </summary>
internal sealed class BlobReadStream(BlobClient client, BlobBody body, int resumes) : Stream
{
    private Stream _content = body.Content;
    private long _position;
    private int _resumesLeft = resumes;

    /// <summary>What is being read.</summary>
    public BlobProperties Blob { get; } = body.Properties;

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
        while (wanted > 0)
        {
            string why;
            try
            {
                var read = await _content.ReadAsync(buffer[..wanted], cancellationToken);
                _position += read;
                if (read > 0)
                    return read;
                why = "the answer ended early";
            }
            catch (Exception e) when (BlobClient.IsSilence(e) && !cancellationToken.IsCancellationRequested)
            {
                why = e.Message;
            }

            if (_resumesLeft-- <= 0)
                throw new IOException($"{Blob.Name} broke off after {_position} of {Blob.Length} bytes: {why}");
            await ReopenAsync(cancellationToken);
        }

        return 0;
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
            _content.Dispose();
        base.Dispose(disposing);
    }

    private async Task ReopenAsync(CancellationToken cancel)
    {
        await _content.DisposeAsync();
        _content = Null;
        try
        {
            var (status, again) = await client.GetAsync(Blob.Name, _position, BlobCondition.IfMatch(Blob.ETag), cancel);
            _content = again?.Content
                ?? throw new IOException($"{Blob.Name} broke off after {_position} of {Blob.Length} bytes, and then: {status}");
        }
        catch (StoreException e)
        {
            throw new IOException($"{Blob.Name} broke off after {_position} of {Blob.Length} bytes: {e.Message}", e);
        }
    }
}
