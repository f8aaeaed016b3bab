using System.Buffers;
using System.Security.Cryptography;
using ProxyCluster.GoModules;

namespace ProxyCluster.Copies;

/// <summary>What a second look at a copy found that was read wrongly once.</summary>
internal enum Seen
{
    /// <summary>The copy is sound; the first reading was wrong.</summary>
    Sound,

    /// <summary>The copy is damaged, and whoever looked can tell.</summary>
    Damaged,

    /// <summary>Our own copy fails the same look, so that it says nothing about the other one.</summary>
    LookerFails,
}

/// <summary>
/// Reads a copy that seems damaged once more, and one's own, which is known to be sound, through the same memory by the
/// same code: a machine that reads what is sound as damaged is no witness.
/// </summary>
internal static class SecondLook
{
    public static async Task<Seen> RunAsync(Stream suspect, Digest wanted, Stream own, Digest ownWanted, CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            if (await HashAsync(suspect, buffer, cancel) == wanted)
                return Seen.Sound;
            return await HashAsync(own, buffer, cancel) == ownWanted ? Seen.Damaged : Seen.LookerFails;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<Digest> HashAsync(Stream content, byte[] buffer, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int read; (read = await content.ReadAsync(buffer, cancel)) > 0;)
            hash.AppendData(buffer, 0, read);
        return new Digest(hash.GetHashAndReset());
    }
}
