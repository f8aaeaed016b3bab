using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace ProxyCluster.Sockets;

/// <summary>
/// The client's side of SOCKS 5 (RFC 1928; no authentication, CONNECT), for connections that are not HTTP: the platform's
/// own is part of its HTTP client.
/// </summary>
internal static class Socks5
{
    private const byte Version = 5;
    private const byte NoAuthentication = 0;
    private const byte Connect = 1;
    private const byte IPv4 = 1;
    private const byte DomainName = 3;
    private const byte IPv6 = 4;

    /// <summary>Where a proxy listens.</summary>
    public static EndPoint EndPointOf(Uri proxy) =>
        IPAddress.TryParse(proxy.Host.Trim('[', ']'), out var address) ? new IPEndPoint(address, proxy.Port) : new DnsEndPoint(proxy.Host, proxy.Port);

    /// <summary>A connection to a target by way of a proxy.</summary>
    /// <exception cref="IOException">The proxy refused, or does not speak SOCKS.</exception>
    /// <exception cref="SocketException">The proxy cannot be reached.</exception>
    public static async Task<Socket> DialAsync(Uri proxy, IPEndPoint target, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(EndPointOf(proxy), cancel);
            await AskAsync(socket, target, cancel);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Has the proxy at the other end of a connection connect it to a target.</summary>
    /// <exception cref="IOException">It refused, or does not speak SOCKS.</exception>
    public static async Task AskAsync(Socket proxy, IPEndPoint target, CancellationToken cancel)
    {
        var buffer = new byte[2 + byte.MaxValue];
        await proxy.SendAsync(new byte[] { Version, 1, NoAuthentication }, cancel);
        await ReadAsync(2);
        if (buffer[0] != Version || buffer[1] != NoAuthentication)
            throw new IOException("the gateway is no SOCKS 5 proxy without authentication");

        var address = target.Address.GetAddressBytes();
        var port = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(port, (ushort)target.Port);
        await proxy.SendAsync((byte[])[Version, Connect, 0, address.Length == 4 ? IPv4 : IPv6, .. address, .. port], cancel);
        await ReadAsync(4);
        if (buffer[1] != 0)
            throw new IOException($"the gateway did not reach {target}: SOCKS reply {buffer[1]}");

        // Where it is bound, which nobody needs.
        var kind = buffer[3];
        if (kind == DomainName)
            await ReadAsync(1);
        await ReadAsync((kind switch { DomainName => buffer[0], IPv6 => 16, _ => 4 }) + port.Length);

        async ValueTask ReadAsync(int count)
        {
            for (var at = 0; at < count;)
            {
                var read = await proxy.ReceiveAsync(buffer.AsMemory(at, count - at), cancel);
                at += read > 0 ? read : throw new IOException("the gateway hung up");
            }
        }
    }
}
