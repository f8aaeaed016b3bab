using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using ProxyCluster.Tests.Clustering;

namespace ProxyCluster.Tests.Silos;

/// <summary>A line to a port that carries nothing while the clock of the process behind it is frozen.</summary>
internal sealed class TcpRelay : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentBag<Socket> _open = [];
    private readonly FreezableTime _time;
    private readonly int _to;

    public TcpRelay(int to, FreezableTime time)
    {
        _time = time;
        _to = to;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _ = AcceptAsync();
    }

    public int Port { get; }

    public void Dispose()
    {
        _listener.Dispose();
        foreach (var socket in _open)
            socket.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = CarryAsync(await _listener.AcceptAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The relay is gone.
        }
    }

    private async Task CarryAsync(Socket near)
    {
        var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _open.Add(near);
        _open.Add(far);
        try
        {
            await _time.Running;
            await far.ConnectAsync(IPAddress.Loopback, _to);
            await Task.WhenAny(CopyAsync(near, far), CopyAsync(far, near));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One end is gone, and with it the line.
        }

        near.Dispose();
        far.Dispose();
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[1 << 14];
        while (true)
        {
            var read = await from.ReceiveAsync(buffer, SocketFlags.None);
            await _time.Running;
            if (read == 0)
                return;
            await to.SendAsync(buffer.AsMemory(0, read), SocketFlags.None);
        }
    }
}
