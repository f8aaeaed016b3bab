namespace ProxyCluster.GoModules.TransparencyLog;

/// <summary>Proof that a record is in a tree: the sibling hashes from its leaf up to the root (RFC 6962 §2.1.1).</summary>
public static class InclusionProof
{
    /// <summary>The proof for record <paramref name="index"/> in the tree of the first <paramref name="size"/> records.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The record is not in that tree.</exception>
    public static IReadOnlyList<Digest> Create(long index, long size, HashReader read)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);

        // From the root down, so the siblings come out in the opposite order of the proof.
        List<Digest> siblings = [];
        for (var (start, end) = (0L, size); end - start > 1;)
        {
            var middle = start + Subtree.SplitOf(end - start);
            if (index < middle)
            {
                siblings.Add(Subtree.Hash(middle, end, read));
                end = middle;
            }
            else
            {
                siblings.Add(Subtree.Hash(start, middle, read));
                start = middle;
            }
        }

        siblings.Reverse();
        return siblings;
    }

    /// <summary>True when the record with leaf hash <paramref name="leaf"/> is number <paramref name="index"/> in the tree.</summary>
    public static bool Verify(IReadOnlyList<Digest> proof, TreeHead head, long index, Digest leaf)
    {
        if (index < 0 || index >= head.Size)
            return false;

        // RFC 9162 §2.1.3.2: walk up with the node's number and that of the last node of its level.
        var (node, last) = (index, head.Size - 1);
        var hash = leaf;
        foreach (var sibling in proof)
        {
            if (last == 0)
                return false;

            if ((node & 1) == 1 || node == last)
            {
                hash = MerkleHash.OfNode(sibling, hash);
                while ((node & 1) == 0 && node != 0)
                    (node, last) = (node >> 1, last >> 1);
            }
            else
            {
                hash = MerkleHash.OfNode(hash, sibling);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0 && hash == head.Root;
    }
}
