using System.Text;

namespace ProxyCluster.Clustering;

/// <summary>
/// The hash behind every owner: who scores highest for a key owns it (highest random weight, Thaler and Ravishankar).
/// <para>
/// All members, of every version and on every machine, must compute the same scores, or they ask different owners and
/// fetch twice. Hence not <c>string.GetHashCode</c>, which differs per process, but this definition, which is part of the
/// internal protocol; a change to it is a rolling upgrade with duplicate fetches in the middle:
/// </para>
/// <code>
/// text(s)      = fmix64(FNV-1a-64(UTF-8 bytes of s))
/// score(k, n)  = fmix64(text(k) ^ rotate-left(text(n), 32))
/// fmix64(x)    = x ^= x >> 33; x *= 0xff51afd7ed558ccd; x ^= x >> 33; x *= 0xc4ceb9fe1a85ec53; x ^= x >> 33
/// </code>
/// Not a cryptographic hash: somebody who picks module paths can pile them onto one silo, which costs balance, never
/// correctness. Unweighted, because members do not state a capacity; a region's share is a filter (<see cref="IsWithinShare"/>).
/// </summary>
internal static class RendezvousHash
{
    /// <summary>The hash of a text, to be computed once per key or node.</summary>
    public static ulong Text(string text)
    {
        // FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/
        Span<byte> buffer = stackalloc byte[256];
        var length = Encoding.UTF8.GetMaxByteCount(text.Length) <= buffer.Length
            ? Encoding.UTF8.GetBytes(text, buffer)
            : Encoding.UTF8.GetBytes(text, buffer = new byte[Encoding.UTF8.GetByteCount(text)]);
        var hash = 0xcbf29ce484222325UL;
        foreach (var b in buffer[..length])
            hash = (hash ^ b) * 0x100000001b3UL;
        return Mix(hash);
    }

    /// <summary>How strongly the node claims the key; both as <see cref="Text"/> gave them.</summary>
    public static ulong Score(ulong key, ulong node) => Mix(key ^ ulong.RotateLeft(node, 32));

    /// <summary>Which of the nodes wins the key, the first among equals; -1 where there are none.</summary>
    public static int WinnerOf(ulong key, ReadOnlySpan<ulong> nodes)
    {
        var (winner, highest) = (-1, 0UL);
        for (var i = 0; i < nodes.Length; i++)
        {
            var score = Score(key, nodes[i]);
            if (winner < 0 || score > highest)
                (winner, highest) = (i, score);
        }

        return winner;
    }

    /// <summary>
    /// Whether the key is among the <paramref name="share"/> percent that the region takes. A key taken at one share is
    /// taken at every larger one, so a growing region never hands back what it was given.
    /// </summary>
    public static bool IsWithinShare(ulong key, ulong region, int share) =>
        // Another mix than Score: a region's share must not be the part of the keys that it scores high on.
        Mix(Score(key, region) ^ 0x9e3779b97f4a7c15UL) % 100 < (ulong)Math.Clamp(share, 0, 100);

    // The finaliser of MurmurHash3 (Austin Appleby, public domain): every input bit reaches every output bit.
    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdUL;
        x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53UL;
        return x ^ (x >> 33);
    }
}
