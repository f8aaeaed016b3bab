using System.Net;
using System.Net.Sockets;

namespace ProxyCluster.Tests.Repositories;

/// <summary>A proxy for https (<c>CONNECT</c>, RFC 9110 §9.3.6) that leads every host to one port here.</summary>
internal sealed class ConnectProxy(int port) : LoopbackProxy
{
    protected override async Task AnswerAsync(NetworkStream client)
    {
        try
        {
            var isConnect = await HeadAsync(client) is var head && head.StartsWith("CONNECT ", StringComparison.Ordinal) && head.Split(' ')[1].EndsWith(":443", StringComparison.Ordinal);
            await client.WriteAsync(isConnect ? "HTTP/1.1 200 Connected\r\n\r\n"u8.ToArray() : "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
            if (!isConnect)
                return;
            using var server = new TcpClient();
            await server.ConnectAsync(IPAddress.Loopback, port);
            await using var far = server.GetStream();
            await Task.WhenAny(client.CopyToAsync(far), far.CopyToAsync(client));
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // One of the two has left.
        }
    }

    // Byte for byte: what follows is not the proxy's to read.
    private static async Task<string> HeadAsync(NetworkStream stream)
    {
        var (head, one) = (new System.Text.StringBuilder(), new byte[1]);
        while (head.Length < 8192 && !head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one) == 1)
            head.Append((char)one[0]);
        return head.ToString();
    }
}
