using System.Security.Cryptography;

namespace ProxyCluster.GoModules.TransparencyLog;

/// <summary>
/// The three hashes of RFC 6962 §2.1. Leaves and inner nodes carry different prefix bytes, so that an inner node cannot
/// be passed off as a record.
/// </summary>
public static class MerkleHash
{
    /// <summary>Hash of a tree without records: SHA-256 of nothing.</summary>
    public static Digest Empty { get; } = Digest.Of([]);

    /// <summary>Leaf hash of a record: SHA-256(00, record).</summary>
    public static Digest OfRecord(ReadOnlySpan<byte> record)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([0]);
        hash.AppendData(record);
        Span<byte> value = stackalloc byte[Digest.Size];
        hash.GetHashAndReset(value);
        return new Digest(value);
    }

    /// <summary>Inner node: SHA-256(01, left, right).</summary>
    public static Digest OfNode(Digest left, Digest right)
    {
        Span<byte> node = stackalloc byte[1 + 2 * Digest.Size];
        node[0] = 1;
        left.CopyTo(node[1..]);
        right.CopyTo(node[(1 + Digest.Size)..]);
        return Digest.Of(node);
    }

    /// <summary>Root of a complete subtree over 2^k neighbouring hashes, each 32 bytes, left to right.</summary>
    /// <exception cref="ArgumentException">The number of hashes is not a power of two.</exception>
    public static Digest OfComplete(ReadOnlySpan<byte> hashes)
    {
        var count = hashes.Length / Digest.Size;
        if (hashes.Length % Digest.Size != 0 || !System.Numerics.BitOperations.IsPow2(count))
            throw new ArgumentException("a complete subtree has a power of two of 32-byte hashes", nameof(hashes));

        if (count == 1)
            return new Digest(hashes);

        var half = hashes.Length / 2;
        return OfNode(OfComplete(hashes[..half]), OfComplete(hashes[half..]));
    }
}
