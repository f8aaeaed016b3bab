using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using ProxyCluster.Drills.Relays;

namespace ProxyCluster.Tests.Drills.Relays;

/// <summary>A relay with a listening target behind it; its sockets end with it.</summary>
internal sealed class Wire : IAsyncDisposable
{
    private readonly Socket _target = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private readonly ConcurrentBag<Socket> _sockets = [];

    public Wire(TimeProvider? clock = null, RelayLimits? limits = null)
    {
        _target.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _target.Listen(4096);
        Relay = Relay.Start((IPEndPoint)_target.LocalEndPoint!, clock ?? TimeProvider.System, limits);
    }

    public Relay Relay { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A connection from end to end.</summary>
    public async Task<(Socket Client, Socket Server)> ConnectAsync()
    {
        var client = await ConnectClientAsync();
        var server = await _target.AcceptAsync(Token);
        _sockets.Add(server);
        return (client, server);
    }

    /// <summary>A connection to the relay, whatever becomes of it behind.</summary>
    public async Task<Socket> ConnectClientAsync()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _sockets.Add(client);
        await client.ConnectAsync(IPAddress.Loopback, Relay.Port, Token);
        return client;
    }

    /// <summary>How a connection ends that nobody uses: null in good order, or the error, which may already meet the connecting.</summary>
    public static async Task<SocketError?> FateAsync(int port)
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, Token);
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }

        return await EndAsync(client);
    }

    public async ValueTask DisposeAsync()
    {
        await Relay.DisposeAsync();
        _target.Dispose();
        foreach (var socket in _sockets)
            socket.Dispose();
    }

    /// <summary>Reads exactly so many bytes.</summary>
    public static async Task<byte[]> ReadAsync(Socket socket, int count)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var read = await socket.ReceiveAsync(bytes.AsMemory(at), Token);
            Assert.NotEqual(0, read);
            at += read;
        }

        return bytes;
    }

    /// <summary>Sends all of it.</summary>
    public static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
            bytes = bytes[await socket.SendAsync(bytes, Token)..];
    }

    /// <summary>Reads to the end and says how it ended: null in good order, or the error.</summary>
    public static async Task<SocketError?> EndAsync(Socket socket)
    {
        try
        {
            var bytes = new byte[4096];
            while (await socket.ReceiveAsync(bytes, Token) > 0)
            {
            }

            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }
}
