using System.Net;
using System.Net.Sockets;

namespace ProxyCluster.TestKit;

/// <summary>Clients with an address of their own: all of 127.0.0.0/8 is this machine, and each of it is a client.</summary>
public static class ClientAt
{
    /// <summary>Connects from that address.</summary>
    /// <param name="address">Such as <c>127.0.0.2</c>.</param>
    /// <param name="to">Whom to connect to, whatever the URL says; null for the URL's host.</param>
    public static SocketsHttpHandler Address(string address, IPEndPoint? to = null) => new()
    {
        UseProxy = false,
        ConnectCallback = async (context, cancel) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
                await socket.ConnectAsync(to ?? (EndPoint)context.DnsEndPoint, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };
}
