using System.Globalization;
using System.Text;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>Checks the bytes of a data tile against the leaf hashes of the hash tile above it.</summary>
/// <remarks>
/// Each record is followed by an empty line. The public database writes records bare (spec §5); Go's own server code
/// puts the record's number on a line before each. Both forms name the same leaves, so both are taken; the bytes are
/// passed on as they came.
/// </remarks>
internal static class DataTile
{
    /// <summary>
    /// Finds where the first <paramref name="count"/> records end, each of them having the leaf hash that stands in
    /// <paramref name="leaves"/>; null when one is missing or has another hash.
    /// </summary>
    /// <param name="bytes">The data tile, possibly wider than wanted.</param>
    /// <param name="first">Number of its first record.</param>
    /// <param name="count">Records wanted.</param>
    /// <param name="leaves">Proven leaf hashes, 32 bytes each.</param>
    public static int? LengthOfProvenRecordsOrNull(ReadOnlySpan<byte> bytes, long first, int count, ReadOnlySpan<byte> leaves)
    {
        var position = 0;
        for (var i = 0; i < count; i++)
        {
            var rest = bytes[position..];
            var length = rest.IndexOf("\n\n"u8);
            if (length < 0)
                return null;

            var record = rest[..(length + 1)];
            var leaf = new Digest(leaves.Slice(i * Digest.Size, Digest.Size));
            if (MerkleHash.OfRecord(record) != leaf)
            {
                var number = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{first + i}\n"));
                if (!record.StartsWith(number) || MerkleHash.OfRecord(record[number.Length..]) != leaf)
                    return null;
            }

            position += length + 2;
        }

        return position;
    }
}
