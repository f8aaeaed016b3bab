using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace ProxyCluster.GoModules.Zips;

/// <summary>
/// Writes a zip front to back, as Go's writer does: sizes and CRC in a descriptor behind each entry, no time, UTF-8 flag
/// for names that need it. Zip64 only where the number of entries asks for it; sizes stay below 4 GiB.
/// </summary>
internal sealed class ZipWriter : IDisposable
{
    private const ushort FirstOfJanuary1980 = (1 << 5) | 1;
    private const ushort Version20 = 20;
    private const ushort Version45 = 45;

    private readonly Stream _output;
    private readonly long _maxBytes;
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
    private readonly MemoryStream _directory = new();
    private readonly Crc32 _crc = new();
    private long _entries;
    private long _written;

    public ZipWriter(Stream output, long maxBytes)
    {
        _output = output;
        _maxBytes = Math.Min(maxBytes, uint.MaxValue - 1);
    }

    // One final block with fixed codes that holds only its end.
    private static ReadOnlySpan<byte> EmptyDeflateStream => [0x03, 0x00];

    private bool IsTooLarge => _written > _maxBytes;

    public string? AddOrFault(string name, Stream content, long maxSize, CancellationToken cancellation)
    {
        // 1. Local header: what is only known afterwards is zero, and the descriptor flag says so.
        var nameBytes = Encoding.UTF8.GetBytes(name);
        var flags = (ushort)(ZipEntry.HasDescriptor | (nameBytes.Length == name.Length ? 0 : ZipEntry.Utf8Name));
        var offset = _written;
        if (nameBytes.Length > ushort.MaxValue)
            return "its name is too long for a zip";
        Write(new Fields(_buffer).U32(0x04034b50).Common(flags, 0, 0, 0).U16((ushort)nameBytes.Length).U16(0).Written);
        Write(nameBytes);

        // 2. Content.
        var start = _written;
        if (Pack(content, maxSize, out var crc, out var size, cancellation) is { } fault)
            return fault;
        var packed = _written - start;
        if (IsTooLarge)
            return $"the zip is larger than {_maxBytes} bytes";

        // 3. Descriptor, and the entry's line in the directory.
        Write(new Fields(_buffer).U32(0x08074b50).U32(crc).U32((uint)packed).U32((uint)size).Written);
        _directory.Write(new Fields(_buffer).U32(0x02014b50).U16(Version20).Common(flags, crc, (uint)packed, (uint)size)
            .U16((ushort)nameBytes.Length).U16(0).U16(0).U16(0).U16(0).U32(0).U32((uint)offset).Written);
        _directory.Write(nameBytes);
        _entries++;
        return null;
    }

    public string? FinishOrFault()
    {
        var start = _written;
        var size = _directory.Length;
        Write(_directory.GetBuffer().AsSpan(0, (int)size));
        var needsZip64 = _entries >= ushort.MaxValue;
        if (needsZip64)
        {
            var at = _written;
            Write(new Fields(_buffer).U32(0x06064b50).U64(44).U16(Version45).U16(Version45).U32(0).U32(0)
                .U64(_entries).U64(_entries).U64(size).U64(start).Written);
            Write(new Fields(_buffer).U32(0x07064b50).U32(0).U64(at).U32(1).Written);
        }

        var count = needsZip64 ? ushort.MaxValue : (ushort)_entries;
        Write(new Fields(_buffer).U32(0x06054b50).U16(0).U16(0).U16(count).U16(count)
            .U32(needsZip64 ? uint.MaxValue : (uint)size).U32(needsZip64 ? uint.MaxValue : (uint)start).U16(0).Written);
        return IsTooLarge ? $"the zip is larger than {_maxBytes} bytes" : null;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _directory.Dispose();
    }

    private string? Pack(Stream content, long maxSize, out uint crc, out long size, CancellationToken cancellation)
    {
        crc = 0;
        size = 0;
        _crc.Reset();
        using var deflater = new DeflateStream(new Counted(this), CompressionLevel.Optimal, leaveOpen: false);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = content.Read(_buffer);
            if (count == 0)
            {
                // A deflater that was given nothing writes nothing, which no inflater accepts as an end.
                if (size == 0)
                    Write(EmptyDeflateStream);
                crc = _crc.GetCurrentHashAsUInt32();
                return null;
            }

            size += count;
            if (size > maxSize)
                return "it is longer than it said";
            if (IsTooLarge)
                return $"the zip is larger than {_maxBytes} bytes";
            _crc.Append(_buffer.AsSpan(0, count));
            deflater.Write(_buffer, 0, count);
        }
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        _output.Write(bytes);
        _written += bytes.Length;
    }

    /// <summary>Little-endian fields, one behind the other.</summary>
    private ref struct Fields(Span<byte> buffer)
    {
        private readonly Span<byte> _buffer = buffer;
        private int _at;

        public readonly ReadOnlySpan<byte> Written => _buffer[.._at];

        public Fields U16(ushort value)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(_buffer[_at..], value);
            _at += 2;
            return this;
        }

        public Fields U32(uint value)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_buffer[_at..], value);
            _at += 4;
            return this;
        }

        public Fields U64(long value)
        {
            BinaryPrimitives.WriteInt64LittleEndian(_buffer[_at..], value);
            _at += 8;
            return this;
        }

        /// <summary>The part that local and directory headers share.</summary>
        public Fields Common(ushort flags, uint crc, uint packed, uint size) => U16(Version20).U16(flags)
            .U16(ZipEntry.Deflated).U16(0).U16(FirstOfJanuary1980).U32(crc).U32(packed).U32(size);
    }

    /// <summary>The writer's own output as a stream.</summary>
    private sealed class Counted(ZipWriter writer) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer) => writer.Write(buffer);

        public override void Write(byte[] buffer, int offset, int count) => writer.Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
