using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.GoModules.Tests.Zips;

/// <summary>Builds zips byte by byte, so that every field can lie. Without lies the zip is sound.</summary>
internal sealed class RawZip
{
    private readonly List<RawEntry> _entries = [];

    public byte[] Before { get; init; } = [];

    public byte[] BetweenDirectoryAndEnd { get; init; } = [];

    public byte[] After { get; init; } = [];

    public byte[] Comment { get; init; } = [];

    public int? CommentLength { get; init; }

    public int CountOffBy { get; init; }

    public int DirectoryStartOffBy { get; init; }

    public int DirectorySizeOffBy { get; init; }

    public ushort Disk { get; init; }

    public bool IsZip64 { get; init; }

    public RawZip Add(string name, string content = "x") => Add(new RawEntry { Name = Encoding.UTF8.GetBytes(name), Content = Encoding.UTF8.GetBytes(content) });

    public RawZip Add(RawEntry entry)
    {
        _entries.Add(entry);
        return this;
    }

    public byte[] Build()
    {
        var zip = new MemoryStream();
        var directory = new MemoryStream();
        zip.Write(Before);
        foreach (var entry in _entries)
            entry.WriteTo(zip, directory);

        var start = zip.Length + DirectoryStartOffBy;
        var size = directory.Length + DirectorySizeOffBy;
        var count = _entries.Count + CountOffBy;
        directory.WriteTo(zip);
        zip.Write(BetweenDirectoryAndEnd);
        if (IsZip64)
        {
            var at = zip.Length;
            U32(zip, 0x06064b50);
            U64(zip, 44);
            U32(zip, 0x002d002d);
            U64(zip, 0);
            U64(zip, count);
            U64(zip, count);
            U64(zip, size);
            U64(zip, start);
            U32(zip, 0x07064b50);
            U32(zip, 0);
            U64(zip, at);
            U32(zip, 1);
        }

        U32(zip, 0x06054b50);
        U16(zip, Disk);
        U16(zip, Disk);
        U16(zip, IsZip64 ? 0xffff : count);
        U16(zip, IsZip64 ? 0xffff : count);
        U32(zip, IsZip64 ? uint.MaxValue : (uint)size);
        U32(zip, IsZip64 ? uint.MaxValue : (uint)start);
        U16(zip, CommentLength ?? Comment.Length);
        zip.Write(Comment);
        zip.Write(After);
        return zip.ToArray();
    }

    public Stream Open() => new MemoryStream(Build());

    internal static void U16(Stream stream, int value) => stream.Write([(byte)value, (byte)(value >> 8)]);

    internal static void U32(Stream stream, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    internal static void U64(Stream stream, long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    internal static byte[] Deflate(byte[] content)
    {
        var packed = new MemoryStream();
        using (var deflater = new DeflateStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            deflater.Write(content);
        return packed.ToArray();
    }
}

/// <summary>One entry; what is not set is what is true.</summary>
internal sealed record RawEntry
{
    public required byte[] Name { get; init; }

    public byte[]? LocalName { get; init; }

    public byte[] Content { get; init; } = [];

    public byte[]? Packed { get; init; }

    public ushort Method { get; init; } = ZipEntry.Stored;

    public ushort? LocalMethod { get; init; }

    public ushort Flags { get; init; }

    public uint? Crc { get; init; }

    public uint? DescriptorCrc { get; init; }

    public long? Size { get; init; }

    public long? PackedSize { get; init; }

    public long? Offset { get; init; }

    public uint Mode { get; init; } = 0x81a4; // -rw-r--r--

    public uint LocalSignature { get; init; } = 0x04034b50;

    public int LocalExtraLength { get; init; }

    public bool IsZip64 { get; init; }

    public byte[] Extra { get; init; } = [];

    public void WriteTo(Stream zip, Stream directory)
    {
        var offset = Offset ?? zip.Length;
        var packed = Packed ?? (Method == ZipEntry.Deflated ? RawZip.Deflate(Content) : Content);
        var crc = Crc ?? System.IO.Hashing.Crc32.HashToUInt32(Content);
        var localName = LocalName ?? Name;
        var size = Size ?? Content.Length;
        var packedSize = PackedSize ?? packed.Length;
        var hasDescriptor = (Flags & ZipEntry.HasDescriptor) != 0;

        RawZip.U32(zip, LocalSignature);
        RawZip.U16(zip, 20);
        RawZip.U16(zip, Flags);
        RawZip.U16(zip, LocalMethod ?? Method);
        RawZip.U32(zip, 0);
        RawZip.U32(zip, hasDescriptor ? 0 : crc);
        RawZip.U32(zip, hasDescriptor ? 0 : (uint)packedSize);
        RawZip.U32(zip, hasDescriptor ? 0 : (uint)size);
        RawZip.U16(zip, localName.Length);
        RawZip.U16(zip, LocalExtraLength);
        zip.Write(localName);
        zip.Write(packed);
        if (hasDescriptor)
        {
            RawZip.U32(zip, 0x08074b50);
            RawZip.U32(zip, DescriptorCrc ?? crc);
            RawZip.U32(zip, (uint)packedSize);
            RawZip.U32(zip, (uint)size);
        }

        var extra = new MemoryStream();
        if (IsZip64)
        {
            RawZip.U16(extra, 1);
            RawZip.U16(extra, 24);
            RawZip.U64(extra, size);
            RawZip.U64(extra, packedSize);
            RawZip.U64(extra, offset);
        }

        extra.Write(Extra);
        RawZip.U32(directory, 0x02014b50);
        RawZip.U16(directory, (3 << 8) | 20);
        RawZip.U16(directory, 20);
        RawZip.U16(directory, Flags);
        RawZip.U16(directory, Method);
        RawZip.U32(directory, 0);
        RawZip.U32(directory, crc);
        RawZip.U32(directory, IsZip64 ? uint.MaxValue : (uint)packedSize);
        RawZip.U32(directory, IsZip64 ? uint.MaxValue : (uint)size);
        RawZip.U16(directory, Name.Length);
        RawZip.U16(directory, (int)extra.Length);
        RawZip.U16(directory, 0);
        RawZip.U16(directory, 0);
        RawZip.U16(directory, 0);
        RawZip.U32(directory, Mode << 16);
        RawZip.U32(directory, IsZip64 ? uint.MaxValue : (uint)offset);
        directory.Write(Name);
        extra.WriteTo(directory);
    }
}
