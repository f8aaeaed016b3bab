using System.Numerics;

namespace ProxyCluster.GoModules.TransparencyLog;

/// <summary>Proof that an older tree is a prefix of a newer one (RFC 6962 §2.1.2): the log only ever appended.</summary>
public static class ConsistencyProof
{
    /// <summary>The proof between the trees of the first <paramref name="oldSize"/> and <paramref name="newSize"/> records.</summary>
    /// <returns>Empty for equal sizes, and for an empty old tree, which is a prefix of everything.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The old tree is larger than the new one.</exception>
    public static IReadOnlyList<Digest> Create(long oldSize, long newSize, HashReader read)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(oldSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oldSize, newSize);
        if (oldSize == 0 || oldSize == newSize)
            return [];

        // SUBPROOF of RFC 6962 §2.1.2, from the root down.
        List<Digest> hashes = [];
        var (start, end) = (0L, newSize);
        while (end != oldSize)
        {
            var middle = start + Subtree.SplitOf(end - start);
            if (oldSize <= middle)
            {
                hashes.Add(Subtree.Hash(middle, end, read));
                end = middle;
            }
            else
            {
                hashes.Add(Subtree.Hash(start, middle, read));
                start = middle;
            }
        }

        // The verifier has the old root itself; any smaller subtree it must be told.
        if (start != 0)
            hashes.Add(Subtree.Hash(start, end, read));

        hashes.Reverse();
        return hashes;
    }

    /// <summary>True when <paramref name="older"/> is proven to be a prefix of <paramref name="newer"/>.</summary>
    public static bool Verify(IReadOnlyList<Digest> proof, TreeHead older, TreeHead newer)
    {
        if (older.Size < 0 || older.Size > newer.Size)
            return false;
        if (older.Size == newer.Size)
            return proof.Count == 0 && older.Root == newer.Root;
        if (older.Size == 0)
            return proof.Count == 0 && older.Root == MerkleHash.Empty;

        // RFC 9162 §2.1.4.2: start at the largest complete subtree that ends where the old tree ends.
        var skip = BitOperations.TrailingZeroCount(older.Size);
        var (node, last) = ((older.Size - 1) >> skip, (newer.Size - 1) >> skip);
        var next = 0;
        Digest start;
        if (node == 0)
            start = older.Root;
        else if (proof.Count > 0)
            start = proof[next++];
        else
            return false;

        var (oldHash, newHash) = (start, start);
        for (; next < proof.Count; next++)
        {
            if (last == 0)
                return false;

            var hash = proof[next];
            if ((node & 1) == 1 || node == last)
            {
                oldHash = MerkleHash.OfNode(hash, oldHash);
                newHash = MerkleHash.OfNode(hash, newHash);
                while ((node & 1) == 0 && node != 0)
                    (node, last) = (node >> 1, last >> 1);
            }
            else
            {
                newHash = MerkleHash.OfNode(newHash, hash);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0 && oldHash == older.Root && newHash == newer.Root;
    }
}
