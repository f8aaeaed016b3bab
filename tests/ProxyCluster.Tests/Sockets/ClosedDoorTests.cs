using System.Net;
using System.Net.Sockets;
using ProxyCluster.Sockets;

namespace ProxyCluster.Tests.Sockets;

/// <summary>Whom the kernel keeps out of a socket that listens.</summary>
public sealed class ClosedDoorTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.9", "10.0.0.1 127.0.0.9")]
    [InlineData("::ffff:127.0.0.1", "127.0.0.9", "2001:db8::1 127.0.0.9")] // IPv4 on a socket of IPv6
    [InlineData("::1", "::1", "127.0.0.1 2001:db8::1 ::1")]
    [InlineData("::1", "::1", "::2")] // its /64
    public async Task Connect_OfWhomItIsClosedTo_WaitsUntilItIsOpen(string listens, string client, string closedTo)
    {
        var door = new ClosedDoor();
        using var closed = Listen(listens);
        using var open = Listen(listens);
        door.Add(closed);
        door.CloseTo(Clients(closedTo));

        using var kept = From(client);
        var waiting = kept.ConnectAsync(EndOf(closed, client), Cancel).AsTask();
        using var free = From(client);
        await free.ConnectAsync(EndOf(open, client), Cancel);
        Assert.False(waiting.IsCompleted);

        door.CloseTo([]);
        await waiting.WaitAsync(TimeSpan.FromMinutes(1), Cancel);
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.9", "127.0.0.8 2001:db8::1")]
    [InlineData("::ffff:127.0.0.1", "127.0.0.9", "127.0.0.8 ::1")]
    [InlineData("::1", "::1", "127.0.0.1 2001:db8::1 0:0:0:1::1")]
    public async Task Connect_OfAnybodyElse_IsLetIn(string listens, string client, string closedTo)
    {
        var door = new ClosedDoor();
        using var closed = Listen(listens);
        door.CloseTo(Clients(closedTo));
        door.Add(closed);

        using var other = From(client);
        await other.ConnectAsync(EndOf(closed, client), Cancel).AsTask().WaitAsync(TimeSpan.FromMinutes(1), Cancel);
    }

    [Fact]
    public void CloseTo_ASocketIsGone_IsForTheOthers()
    {
        var door = new ClosedDoor();
        using var listens = Listen("127.0.0.1");
        using (var gone = Listen("127.0.0.1"))
            door.Add(gone);
        door.Add(listens);
        door.CloseTo(Clients("127.0.0.9"));

        using var kept = From("127.0.0.9");
        kept.Blocking = false;
        Assert.Equal(SocketError.WouldBlock, Assert.Throws<SocketException>(() => kept.Connect(listens.LocalEndPoint!)).SocketErrorCode);
        Assert.False(kept.Poll(TimeSpan.FromMilliseconds(50), SelectMode.SelectWrite));
    }

    private static IEnumerable<ClientAddress> Clients(string addresses) => addresses.Split(' ').Select(static address => ClientAddress.Of(IPAddress.Parse(address)));

    private static Socket Listen(string address)
    {
        var end = new IPEndPoint(IPAddress.Parse(address), 0);
        var socket = new Socket(end.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (end.AddressFamily == AddressFamily.InterNetworkV6)
            socket.DualMode = true;
        socket.Bind(end);
        socket.Listen();
        return socket;
    }

    private static Socket From(string address)
    {
        var from = IPAddress.Parse(address);
        var socket = new Socket(from.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(from, 0));
        return socket;
    }

    private static IPEndPoint EndOf(Socket listening, string client)
    {
        var end = (IPEndPoint)listening.LocalEndPoint!;
        return client.Contains('.', StringComparison.Ordinal) ? new IPEndPoint(end.Address.MapToIPv4(), end.Port) : end;
    }
}
