using System.Net;
using System.Net.Sockets;

namespace ProxyCluster.Tests.Repositories;

/// <summary>A proxy for https (<c>CONNECT</c>, RFC 9110 §9.3.6) that leads every host to one port here, for processes that are told to use it.</summary>
internal sealed class ConnectProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _port;

    public ConnectProxy(int port)
    {
        _port = port;
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Url => $"http://{_listener.LocalEndpoint}";

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = RelayAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The end.
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await using var near = client.GetStream();
                var isConnect = await HeadAsync(near) is var head && head.StartsWith("CONNECT ", StringComparison.Ordinal) && head.Split(' ')[1].EndsWith(":443", StringComparison.Ordinal);
                await near.WriteAsync(isConnect ? "HTTP/1.1 200 Connected\r\n\r\n"u8.ToArray() : "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
                if (!isConnect)
                    return;
                using var server = new TcpClient();
                await server.ConnectAsync(IPAddress.Loopback, _port);
                await using var far = server.GetStream();
                await Task.WhenAny(near.CopyToAsync(far), far.CopyToAsync(near));
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                // One of the two has left.
            }
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
