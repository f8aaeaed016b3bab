using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Security.Cryptography;

namespace ProxyCluster.GoModules.Zips;

/// <summary>
/// Unpacks entries one after the other and hashes them. Everything that would make Go's reader stop is a fault here:
/// a local header that contradicts the directory, content of another length than declared, a wrong CRC in the directory
/// or the data descriptor, packed data that ends early. Hot: nothing is held but three pooled buffers.
/// </summary>
internal sealed class ZipEntryHasher : IDisposable
{
    private const int LocalHeaderSize = 30;
    private const uint LocalHeaderSignature = 0x04034b50;
    private const uint DescriptorSignature = 0x08074b50;

    private readonly ZipDirectory _directory;
    private readonly ZipEntryData _data;
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
    private readonly IncrementalHash _sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Crc32 _crc = new();

    public ZipEntryHasher(ZipDirectory directory)
    {
        _directory = directory;
        _data = new ZipEntryData(directory.Zip);
    }

    public string? HashOrFault(ZipEntry entry, out Digest digest, CancellationToken cancellation)
    {
        digest = default;
        try
        {
            if (FindData(entry, out var start) is { } fault)
                return fault;
            if (Unpack(entry, start, cancellation) is { } contentFault)
                return contentFault;
        }
        catch (EndOfStreamException)
        {
            return "the zip ends inside it";
        }
        catch (InvalidDataException)
        {
            return "its packed data is broken";
        }

        Span<byte> hash = stackalloc byte[Digest.Size];
        _sha.GetHashAndReset(hash);
        digest = new Digest(hash);
        return null;
    }

    public void Dispose()
    {
        _data.Dispose();
        _sha.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
    }

    private string? FindData(ZipEntry entry, out long start)
    {
        start = 0;
        var name = _directory.NameBytes(entry);
        var header = _buffer.AsSpan(0, LocalHeaderSize);
        _data.Select(entry.Offset, entry.End - entry.Offset);
        _data.ReadExactly(header);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != LocalHeaderSignature)
            return "it has no local header";

        var flags = BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
        var method = BinaryPrimitives.ReadUInt16LittleEndian(header[8..]);
        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(header[26..]);
        int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        if (((flags | entry.Flags) & ZipEntry.Encrypted) != 0)
            return "it is encrypted";
        if (method != entry.Method || nameLength != name.Length)
            return "its local header contradicts the directory";

        var localName = _buffer.AsSpan(0, nameLength);
        _data.ReadExactly(localName);
        if (!localName.SequenceEqual(name))
            return "its local header has another name";

        start = entry.Offset + LocalHeaderSize + nameLength + extraLength;
        return start + entry.CompressedSize > entry.End ? "its data overlaps what follows it" : null;
    }

    private string? Unpack(ZipEntry entry, long start, CancellationToken cancellation)
    {
        // Some of Go's readers look into a directory entry and some do not: it must be empty for both.
        if (_directory.NameBytes(entry) is [.., (byte)'/'] && entry is not { Size: 0, Crc: 0 })
            return "a directory entry has content";

        _data.Select(start, entry.CompressedSize);
        uint crc;
        string? fault;
        switch (entry.Method)
        {
            case ZipEntry.Stored:
                fault = Drain(_data, entry.Size, out crc, cancellation);
                break;
            case ZipEntry.Deflated:
                using (var inflater = new DeflateStream(_data, CompressionMode.Decompress, leaveOpen: true))
                    fault = Drain(inflater, entry.Size, out crc, cancellation);
                // The inflater stops quietly where its input does, even if the stream was never finished.
                if (fault is null && _data.WasExhausted)
                    fault = "its packed data is cut";
                break;
            default:
                return $"it is packed with method {entry.Method}; only stored and deflated are known";
        }

        return fault ?? CheckSum(entry, start + entry.CompressedSize, crc);
    }

    private string? Drain(Stream content, long size, out uint crc, CancellationToken cancellation)
    {
        crc = 0;
        _crc.Reset();
        for (var total = 0L; ;)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = content.Read(_buffer);
            if (count == 0)
            {
                crc = _crc.GetCurrentHashAsUInt32();
                return total == size ? null : "its content is shorter than declared";
            }

            total += count;
            if (total > size)
                return "its content is longer than declared";
            _sha.AppendData(_buffer, 0, count);
            _crc.Append(_buffer.AsSpan(0, count));
        }
    }

    private string? CheckSum(ZipEntry entry, long end, uint crc)
    {
        if ((entry.Flags & ZipEntry.HasDescriptor) == 0)
            return entry.Crc == 0 || entry.Crc == crc ? null : "its CRC is wrong";

        // The descriptor's signature is optional; the CRC comes first after it.
        var descriptor = _buffer.AsSpan(0, 8);
        _data.Select(end, entry.End - end);
        _data.ReadExactly(descriptor);
        var first = BinaryPrimitives.ReadUInt32LittleEndian(descriptor);
        var declared = first == DescriptorSignature ? BinaryPrimitives.ReadUInt32LittleEndian(descriptor[4..]) : first;
        return declared == entry.Crc && entry.Crc == crc ? null : "its CRC is wrong";
    }
}
