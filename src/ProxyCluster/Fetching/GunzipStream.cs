using System.Buffers.Binary;
using System.IO.Compression;

namespace ProxyCluster.Fetching;

/// <summary>
/// Inflates gzip (RFC 1952) and holds its end against what came out. The platform's stream takes half of a body, or
/// something else altogether, for the end of a whole one.
/// </summary>
internal sealed class GunzipStream : ArrivingStream
{
    // Ten bytes of header, two of an empty deflate block, eight of footer.
    private const int Shortest = 20;

    private readonly Compressed _source;
    private readonly GZipStream _inflated;
    private uint _size;

    public GunzipStream(Stream compressed)
    {
        _source = new Compressed(compressed);
        _inflated = new GZipStream(_source, CompressionMode.Decompress);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">This is no gzip, or not all of it.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await _inflated.ReadAsync(buffer, cancellationToken);
        _size = unchecked(_size + (uint)read);
        return read == 0 && buffer.Length > 0 && !_source.EndsAfter(_size) ? throw new InvalidDataException("not a whole gzip") : read;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _inflated.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>The compressed bytes on their way, whose last four are remembered: the size of what was compressed.</summary>
    private sealed class Compressed(Stream inner) : ArrivingStream
    {
        private readonly byte[] _tail = new byte[sizeof(uint)];
        private long _length;

        public bool EndsAfter(uint size) => _length >= Shortest && BinaryPrimitives.ReadUInt32LittleEndian(_tail) == size;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            var last = buffer.Span[..read][^Math.Min(read, _tail.Length)..];
            _tail.AsSpan(last.Length).CopyTo(_tail);
            last.CopyTo(_tail.AsSpan(_tail.Length - last.Length));
            _length += read;
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
