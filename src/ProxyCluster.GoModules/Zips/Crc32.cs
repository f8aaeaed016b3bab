using System.Buffers.Binary;

namespace ProxyCluster.GoModules.Zips;

/// <summary>
/// The zip format's CRC-32, eight bytes a step. It protects nobody, but <c>go</c> refuses an entry whose CRC is wrong, so
/// a zip that passed here must not carry one.
/// </summary>
internal static class Crc32
{
    private static readonly uint[] Tables = MakeTables();

    /// <summary>Continues a CRC; start with 0.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<uint> t = Tables;
        crc = ~crc;
        for (; data.Length >= 8; data = data[8..])
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(data) ^ crc;
            var high = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
            crc = t[(7 << 8) + (int)(low & 0xff)] ^ t[(6 << 8) + (int)((low >> 8) & 0xff)]
                ^ t[(5 << 8) + (int)((low >> 16) & 0xff)] ^ t[(4 << 8) + (int)(low >> 24)]
                ^ t[(3 << 8) + (int)(high & 0xff)] ^ t[(2 << 8) + (int)((high >> 8) & 0xff)]
                ^ t[(1 << 8) + (int)((high >> 16) & 0xff)] ^ t[(int)(high >> 24)];
        }

        foreach (var b in data)
            crc = t[(int)((crc ^ b) & 0xff)] ^ (crc >> 8);
        return ~crc;
    }

    // Row k holds the CRC of each byte followed by k zero bytes.
    private static uint[] MakeTables()
    {
        var tables = new uint[8 << 8];
        for (var i = 0; i < 256; i++)
        {
            var crc = (uint)i;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xedb88320 : crc >> 1;
            tables[i] = crc;
        }

        for (var i = 256; i < tables.Length; i++)
            tables[i] = tables[tables[i - 256] & 0xff] ^ (tables[i - 256] >> 8);
        return tables;
    }
}
