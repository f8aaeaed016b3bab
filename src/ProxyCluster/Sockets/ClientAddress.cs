using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace ProxyCluster.Sockets;

/// <summary>
/// Whom an address stands for when clients are told apart: one IPv4 address, or the /64 of an IPv6 one, because a host
/// picks the rest of that as it likes. The default value is nobody in particular.
/// </summary>
internal readonly record struct ClientAddress
{
    private ClientAddress(bool isV6, ulong bits) => (IsKnown, IsV6, Bits) = (true, isV6, bits);

    /// <summary>False for nobody in particular.</summary>
    public bool IsKnown { get; }

    /// <summary>Whether it is an IPv6 one.</summary>
    public bool IsV6 { get; }

    /// <summary>The IPv4 address, or the first half of the IPv6 one, as a number in network order.</summary>
    public ulong Bits { get; }

    /// <summary>Whom the address stands for; null stands for nobody.</summary>
    public static ClientAddress Of(IPAddress? address)
    {
        if (address is null)
            return default;
        Span<byte> bytes = stackalloc byte[16];
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? new(true, BinaryPrimitives.ReadUInt64BigEndian(bytes))
            : new(false, BinaryPrimitives.ReadUInt32BigEndian(bytes));
    }

    /// <summary><c>10.0.0.1</c>, <c>2001:db8::/64</c>, or a dash for nobody.</summary>
    public override string ToString()
    {
        if (!IsKnown)
            return "-";
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        if (!IsV6)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)Bits);
            return new IPAddress(bytes[..4]).ToString();
        }

        BinaryPrimitives.WriteUInt64BigEndian(bytes, Bits);
        return new IPAddress(bytes) + "/64";
    }
}
