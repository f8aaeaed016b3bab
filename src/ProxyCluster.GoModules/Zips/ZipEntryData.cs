using System.Buffers;

namespace ProxyCluster.GoModules.Zips;

/// <summary>
/// The packed bytes of one entry at a time, through one pooled window over the zip: neighbouring small entries cost one
/// read of the file together.
/// </summary>
internal sealed class ZipEntryData : Stream
{
    private const int WindowSize = 128 << 10;

    private readonly Stream _zip;
    private readonly byte[] _window = ArrayPool<byte>.Shared.Rent(WindowSize);
    private long _windowStart;
    private int _windowCount;
    private long _at;
    private long _end;
    private bool _isDisposed;

    public ZipEntryData(Stream zip) => _zip = zip;

    /// <summary>True once more was asked for than the entry has: an inflater does that only if its input is cut.</summary>
    public bool WasExhausted { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Chooses the bytes to read next.</summary>
    public void Select(long start, long length)
    {
        _at = start;
        _end = start + length;
        WasExhausted = false;
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
            return 0;
        if (_at >= _end)
        {
            WasExhausted = true;
            return 0;
        }

        if (_at < _windowStart || _at >= _windowStart + _windowCount)
        {
            _zip.Position = _at;
            _windowStart = _at;
            _windowCount = _zip.Read(_window);
            if (_windowCount == 0)
                throw new EndOfStreamException();
        }

        var from = (int)(_at - _windowStart);
        var count = (int)Math.Min(Math.Min(buffer.Length, _windowCount - from), _end - _at);
        _window.AsSpan(from, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (!_isDisposed)
            ArrayPool<byte>.Shared.Return(_window);
        _isDisposed = true;
        base.Dispose(disposing);
    }
}
