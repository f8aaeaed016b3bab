using System.Buffers.Binary;

namespace ProxyCluster.Policy;

/// <summary>
/// Which hundredth of all clients one belongs to, for a rule: by its name where it has logged in, otherwise by its address; the same at every
/// member and for ever, and another one for another rule. Whoever is among five in a hundred is among twenty-five.
/// </summary>
internal static class ClientShare
{
    /// <summary>0 to 99. Hot path: does not allocate.</summary>
    public static int Of(string rule, in PolicyClient client)
    {
        // FNV-1a over UTF-16, and the finaliser of MurmurHash3, by which every bit counts.
        var hash = Add(Add(0xcbf29ce484222325UL, rule), client.Namespace);
        if (client.Identity is { } identity)
        {
            hash = Add(hash, identity.Subject);
        }
        else if (client.Address is { } address)
        {
            Span<byte> bytes = stackalloc byte[16];
            address.TryWriteBytes(bytes, out var length);

            // An IPv4 client is the same one on a socket for both families.
            for (var i = address.IsIPv4MappedToIPv6 ? 12 : 0; i < length; i++)
                hash = (hash ^ bytes[i]) * 0x100000001b3UL;
        }

        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdUL;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53UL;
        return (int)((hash ^ (hash >> 33)) % 100);
    }

    // With an end, so that no two pairs of texts are the same.
    private static ulong Add(ulong hash, string text)
    {
        Span<byte> unit = stackalloc byte[2];
        foreach (var c in text)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(unit, c);
            hash = (((hash ^ unit[0]) * 0x100000001b3UL) ^ unit[1]) * 0x100000001b3UL;
        }

        return (hash ^ 0xff) * 0x100000001b3UL;
    }
}
