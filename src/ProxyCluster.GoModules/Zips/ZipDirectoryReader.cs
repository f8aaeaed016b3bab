using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace ProxyCluster.GoModules.Zips;

/// <summary>Finds and reads a central directory by the rules of <see cref="ZipDirectory"/> (APPNOTE.TXT §4.3, §4.5.3).</summary>
internal static class ZipDirectoryReader
{
    private const int EndSize = 22;
    private const int Zip64LocatorSize = 20;
    private const int Zip64EndSize = 56;
    private const int HeaderSize = 46;
    private const int LocalHeaderSize = 30;
    private const uint EndSignature = 0x06054b50;
    private const uint Zip64LocatorSignature = 0x07064b50;
    private const uint Zip64EndSignature = 0x06064b50;
    private const uint HeaderSignature = 0x02014b50;

    private readonly record struct End(long DirectoryStart, long DirectorySize, long Entries);

    public static bool TryRead(
        Stream zip,
        ZipLimits limits,
        [NotNullWhen(true)] out ZipDirectory? directory,
        [NotNullWhen(false)] out string? error)
    {
        directory = null;
        var length = zip.Length;
        if (length > limits.MaxZipBytes)
        {
            error = $"the zip has {length} bytes; the limit is {limits.MaxZipBytes}";
            return false;
        }

        try
        {
            error = FindEnd(zip, length, out var end) ?? LimitFaultOrNull(end, limits);
            if (error is not null)
                return false;

            var bytes = new byte[end.DirectorySize];
            ReadAt(zip, end.DirectoryStart, bytes);
            var entries = new ZipEntry[end.Entries];
            error = ReadEntries(bytes, entries) ?? PlaceEntries(entries, end.DirectoryStart);
            if (error is not null)
                return false;

            directory = new ZipDirectory(zip, limits, length, bytes, entries);
            return true;
        }
        catch (EndOfStreamException)
        {
            error = "not a zip: it ends too early";
            return false;
        }
    }

    private static string? LimitFaultOrNull(End end, ZipLimits limits)
    {
        if (end.Entries > limits.MaxEntries)
            return $"the zip has {end.Entries} entries; the limit is {limits.MaxEntries}";
        if (end.DirectorySize > limits.MaxDirectoryBytes)
            return $"the zip's directory has {end.DirectorySize} bytes; the limit is {limits.MaxDirectoryBytes}";

        // A count that the directory cannot hold would make us allocate for nothing.
        return end.Entries > end.DirectorySize / HeaderSize ? "the zip's directory is shorter than its entries" : null;
    }

    private static string? FindEnd(Stream zip, long length, out End end)
    {
        end = default;
        if (length < EndSize)
            return "not a zip: it is too short";

        // 1. The last signature counts, and its comment must end with the file. Readers differ in which of several they
        //    take, so a second one behind it, or a comment that is cut, is not a matter of choice.
        var tail = new byte[Math.Min(length, EndSize + ushort.MaxValue)];
        ReadAt(zip, length - tail.Length, tail);
        Span<byte> signature = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(signature, EndSignature);
        var at = tail.AsSpan(0, tail.Length - EndSize + 4).LastIndexOf(signature);
        if (at < 0)
            return "not a zip: it has no end record";

        var record = tail.AsSpan(at);
        if (record.Length != EndSize + U16(record, 20))
            return "the zip does not end with its end record";
        if (U16(record, 4) != 0 || U16(record, 6) != 0 || U16(record, 8) != U16(record, 10))
            return "the zip is part of a set";

        var endAt = length - tail.Length + at;
        end = new End(U32(record, 16), U32(record, 12), U16(record, 10));

        // 2. Saturated fields hand over to the zip64 record, which must stand right before its locator.
        if (end.Entries == ushort.MaxValue || end.DirectorySize == uint.MaxValue || end.DirectoryStart == uint.MaxValue)
        {
            if (FindZip64End(zip, endAt, out end, out endAt) is { } fault)
                return fault;
        }

        // 3. Nothing between directory and end record, so that the offsets mean one thing only.
        return end.DirectoryStart < 0 || end.DirectorySize < 0 || end.DirectoryStart > endAt
            || end.DirectorySize != endAt - end.DirectoryStart
            ? "the zip's directory does not end where its end record starts"
            : null;
    }

    private static string? FindZip64End(Stream zip, long endAt, out End end, out long zip64At)
    {
        end = default;
        zip64At = endAt - Zip64LocatorSize - Zip64EndSize;
        if (zip64At < 0)
            return "the zip lacks its zip64 end record";

        Span<byte> record = stackalloc byte[Zip64EndSize + Zip64LocatorSize];
        ReadAt(zip, zip64At, record);
        var locator = record[Zip64EndSize..];
        if (U32(locator, 0) != Zip64LocatorSignature || U32(record, 0) != Zip64EndSignature)
            return "the zip lacks its zip64 end record";
        if (I64(locator, 8) != zip64At || I64(record, 4) != Zip64EndSize - 12)
            return "the zip's zip64 end record is not where its locator says";
        if (U32(locator, 4) != 0 || U32(locator, 16) > 1 || U32(record, 16) != 0 || U32(record, 20) != 0
            || I64(record, 24) != I64(record, 32))
        {
            return "the zip is part of a set";
        }

        end = new End(I64(record, 48), I64(record, 40), I64(record, 32));
        return end.Entries < 0 ? "the zip has a negative number of entries" : null;
    }

    private static string? ReadEntries(byte[] bytes, ZipEntry[] entries)
    {
        var at = 0;
        for (var i = 0; i < entries.Length; i++)
        {
            var header = bytes.AsSpan(at);
            if (header.Length < HeaderSize || U32(header, 0) != HeaderSignature)
                return $"entry {i} of the zip's directory is malformed";

            int nameLength = U16(header, 28), extraLength = U16(header, 30), commentLength = U16(header, 32);
            var total = HeaderSize + nameLength + extraLength + commentLength;
            if (header.Length < total)
                return $"entry {i} of the zip's directory is cut";
            if (U16(header, 34) != 0)
                return "the zip is part of a set";

            var entry = new ZipEntry
            {
                NameStart = at + HeaderSize,
                NameLength = nameLength,
                Flags = U16(header, 8),
                Method = U16(header, 10),
                Crc = U32(header, 16),
                CompressedSize = U32(header, 20),
                Size = U32(header, 24),
                Offset = U32(header, 42),
            };
            if (!TryWiden(header.Slice(HeaderSize + nameLength, extraLength), ref entry))
                return $"entry {i} of the zip's directory has a malformed zip64 field";
            entries[i] = entry;
            at += total;
        }

        return at == bytes.Length ? null : "the zip's directory has more bytes than entries";
    }

    // Saturated 32-bit fields stand as 64-bit ones, in a fixed order, in the extra field with tag 1.
    private static bool TryWiden(ReadOnlySpan<byte> extra, ref ZipEntry entry)
    {
        if (entry.Size != uint.MaxValue && entry.CompressedSize != uint.MaxValue && entry.Offset != uint.MaxValue)
            return true;

        while (extra.Length >= 4)
        {
            int tag = U16(extra, 0), size = U16(extra, 2);
            if (size > extra.Length - 4)
                return false;
            if (tag == 1)
                return TryWidenFrom(extra.Slice(4, size), ref entry);
            extra = extra[(4 + size)..];
        }

        return false;
    }

    private static bool TryWidenFrom(ReadOnlySpan<byte> field, ref ZipEntry entry)
    {
        if (!TryTake(ref field, entry.Size, out var size)
            || !TryTake(ref field, entry.CompressedSize, out var compressedSize)
            || !TryTake(ref field, entry.Offset, out var offset))
        {
            return false;
        }

        entry = entry with { Size = size, CompressedSize = compressedSize, Offset = offset };
        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> field, long narrow, out long wide)
    {
        wide = narrow;
        if (narrow != uint.MaxValue)
            return true;
        if (field.Length < 8)
            return false;
        wide = I64(field, 0);
        field = field[8..];
        return wide >= 0;
    }

    /// <summary>Gives every entry the place up to its successor; overlaps and bytes in front of the first are faults.</summary>
    private static string? PlaceEntries(ZipEntry[] entries, long directoryStart)
    {
        var order = new int[entries.Length];
        for (var i = 0; i < order.Length; i++)
            order[i] = i;
        Array.Sort(order, (a, b) => entries[a].Offset.CompareTo(entries[b].Offset));

        var first = order.Length == 0 ? directoryStart : entries[order[0]].Offset;
        if (first != 0)
            return "there is something in front of the zip's first entry";

        for (var i = 0; i < order.Length; i++)
        {
            ref var entry = ref entries[order[i]];
            var end = i + 1 < order.Length ? entries[order[i + 1]].Offset : directoryStart;
            if (entry.CompressedSize > end - entry.Offset - LocalHeaderSize - entry.NameLength)
                return $"the data of entry {order[i]} overlaps what follows it";
            entry = entry with { End = end };
        }

        return null;
    }

    private static void ReadAt(Stream zip, long offset, Span<byte> buffer)
    {
        zip.Position = offset;
        zip.ReadExactly(buffer);
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static long I64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
}
