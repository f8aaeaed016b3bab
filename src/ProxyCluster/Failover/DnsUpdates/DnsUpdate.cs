using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace ProxyCluster.Failover.DnsUpdates;

/// <summary>What a name is to hold: these addresses, and no others.</summary>
internal sealed record DnsHolding(DnsName Name, ImmutableArray<IPAddress> Addresses)
{
    /// <inheritdoc/>
    public bool Equals(DnsHolding? other) => other is not null && Name == other.Name && Addresses.SequenceEqual(other.Addresses);

    /// <inheritdoc/>
    public override int GetHashCode() => Name.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => $"{Name.Text} = {string.Join(", ", Addresses)}";
}

/// <summary>
/// A dynamic update (RFC 2136) that gives names their addresses, whatever they held before: in one message, so that nobody sees one
/// half of it, and the same again changes nothing.
/// <para>
/// Written here and not taken from a package: the one that knows updates and TSIG brings seven megabytes of another cryptography, to
/// compute an HMAC that the platform has.
/// </para>
/// </summary>
internal static class DnsUpdate
{
    private const ushort Update = 5 << 11; // the opcode, in the flags
    private const ushort Soa = 6;
    private const ushort CName = 5;
    private const ushort A = 1;
    private const ushort Aaaa = 28;
    private const ushort In = 1;
    private const ushort Any = 255;

    /// <summary>The message, still without a signature.</summary>
    public static byte[] Write(ushort id, DnsName zone, IEnumerable<DnsHolding> holdings, TimeSpan ttl)
    {
        using var message = new MemoryStream();
        var updates = 0;
        Put16(message, id);
        Put16(message, Update);
        Put16(message, 1); // zones
        Put16(message, 0); // prerequisites
        Put16(message, 0); // updates, filled in below
        Put16(message, 0); // additional records
        message.Write(zone.Wire());
        Put16(message, Soa);
        Put16(message, In);
        foreach (var holding in holdings)
        {
            // 1. All that may be there goes (§2.5.2). A CNAME that stayed would have the addresses ignored (§3.4.2.2).
            foreach (var type in (ReadOnlySpan<ushort>)[CName, A, Aaaa])
                PutRecord(holding.Name, type, Any, 0, []);

            // 2. And these come (§2.5.1).
            foreach (var address in holding.Addresses)
                PutRecord(holding.Name, address.AddressFamily == AddressFamily.InterNetwork ? A : Aaaa, In, (uint)ttl.TotalSeconds, address.GetAddressBytes());
        }

        var bytes = message.ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(8), checked((ushort)updates));
        return bytes;

        void PutRecord(DnsName name, ushort type, ushort kind, uint lifetime, byte[] data)
        {
            updates++;
            message.Write(name.Wire());
            Put16(message, type);
            Put16(message, kind);
            Put16(message, (ushort)(lifetime >> 16));
            Put16(message, (ushort)lifetime);
            Put16(message, (ushort)data.Length);
            message.Write(data);
        }
    }

    /// <summary>Writes sixteen bits.</summary>
    internal static void Put16(Stream into, ushort value)
    {
        into.WriteByte((byte)(value >> 8));
        into.WriteByte((byte)value);
    }
}
