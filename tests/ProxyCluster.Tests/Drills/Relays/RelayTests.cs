using System.Net.Sockets;
using System.Security.Cryptography;
using ProxyCluster.Drills.Relays;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Drills.Relays;

public sealed class RelayTests
{
    private static readonly byte[] Hello = "hello"u8.ToArray();
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(115);

    [Fact]
    public async Task Bytes_OnAnOpenLane_ArriveBothWays()
    {
        await using var wire = new Wire();
        var (client, server) = await wire.ConnectAsync();

        await Wire.SendAsync(client, Hello);
        Assert.Equal(Hello, await Wire.ReadAsync(server, 5));
        await Wire.SendAsync(server, "welcome"u8.ToArray());

        Assert.Equal("welcome"u8.ToArray(), await Wire.ReadAsync(client, 7));
    }

    [Fact]
    public async Task Bytes_OnADelayedLane_ArriveWhenTheirTimeHasCome()
    {
        var clock = new ManualTimeProvider();
        await using var wire = new Wire(clock);
        wire.Relay.There.Delay = Late;
        var (client, server) = await wire.ConnectAsync();

        await Wire.SendAsync(client, Hello);
        await clock.TimerDueIn(Late);
        clock.Advance(Late - TimeSpan.FromTicks(1));
        Assert.Equal(0, server.Available);
        clock.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(Hello, await Wire.ReadAsync(server, 5));
    }

    [Fact]
    public async Task Delay_OfOneDirection_LeavesTheOtherAlone()
    {
        await using var wire = new Wire(new ManualTimeProvider());
        wire.Relay.Back.Delay = Late;
        var (client, server) = await wire.ConnectAsync();

        await Wire.SendAsync(client, Hello);

        Assert.Equal(Hello, await Wire.ReadAsync(server, 5));
    }

    [Fact]
    public async Task Delay_TakenAwayWhileBytesAreUnderWay_DoesNotLetLaterOnesOvertake()
    {
        var clock = new ManualTimeProvider();
        await using var wire = new Wire(clock);
        wire.Relay.There.Delay = Late;
        var (client, server) = await wire.ConnectAsync();

        await Wire.SendAsync(client, Hello);
        await clock.TimerDueIn(Late);
        wire.Relay.There.Delay = TimeSpan.Zero;
        await Wire.SendAsync(client, "again"u8.ToArray());
        Assert.Equal(0, server.Available);
        clock.Advance(Late);

        Assert.Equal("helloagain"u8.ToArray(), await Wire.ReadAsync(server, 10));
    }

    [Fact]
    public async Task EndOfSending_TravelsBehindTheBytes_AndLeavesTheAnswerItsWay()
    {
        var clock = new ManualTimeProvider();
        await using var wire = new Wire(clock);
        wire.Relay.There.Delay = Late;
        var (client, server) = await wire.ConnectAsync();

        await Wire.SendAsync(client, Hello);
        await clock.TimerDueIn(Late);
        client.Shutdown(SocketShutdown.Send);
        clock.Advance(Late);
        Assert.Equal(Hello, await Wire.ReadAsync(server, 5));
        var end = Wire.EndAsync(server);
        // The end may have been sent before or after the clock moved; in the second case it waits for its own time.
        while (await Task.WhenAny(end, clock.TimerArmed(static _ => true)) != end)
            clock.Advance(Late);
        Assert.Null(await end);

        await Wire.SendAsync(server, "late answer"u8.ToArray());
        server.Shutdown(SocketShutdown.Send);

        Assert.Equal("late answer"u8.ToArray(), await Wire.ReadAsync(client, 11));
        Assert.Null(await Wire.EndAsync(client));
    }

    [Fact]
    public async Task Reset_ByOneSide_IsAResetForTheOther()
    {
        await using var wire = new Wire();
        var (client, server) = await wire.ConnectAsync();

        RelayListener.Reset(server);

        Assert.Equal(SocketError.ConnectionReset, await Wire.EndAsync(client));
    }

    [Fact]
    public async Task Cut_ResetsWhatIsOpenAndRefusesWhatIsNew_UntilItIsHealed()
    {
        await using var wire = new Wire();
        var (client, server) = await wire.ConnectAsync();

        wire.Relay.Switch(LaneState.Cut);
        Assert.Equal(SocketError.ConnectionReset, await Wire.EndAsync(client));
        Assert.Equal(SocketError.ConnectionReset, await Wire.EndAsync(server));
        Assert.Equal(SocketError.ConnectionReset, await Wire.FateAsync(wire.Relay.Port));

        wire.Relay.Switch(LaneState.Open);
        var (again, other) = await wire.ConnectAsync();
        await Wire.SendAsync(again, Hello);
        Assert.Equal(Hello, await Wire.ReadAsync(other, 5));
    }

    [Fact]
    public async Task Hold_LetsNothingThrough_AndAllOfItOnceItIsHealed()
    {
        var clock = new ManualTimeProvider();
        await using var wire = new Wire(clock);
        wire.Relay.There.Delay = Late;
        var (client, server) = await wire.ConnectAsync();

        wire.Relay.Switch(LaneState.Held);
        await Wire.SendAsync(client, Hello);
        await clock.TimerDueIn(Late);
        clock.Advance(Late);
        Assert.Equal(0, server.Available);
        var accepted = await wire.ConnectClientAsync();
        Assert.Equal(0, accepted.Available);
        wire.Relay.Switch(LaneState.Open);

        Assert.Equal(Hello, await Wire.ReadAsync(server, 5));
    }

    [Fact]
    public async Task Hold_ThatBecomesACut_ResetsWhatWaited()
    {
        await using var wire = new Wire();
        var (client, server) = await wire.ConnectAsync();
        wire.Relay.Switch(LaneState.Held);
        await Wire.SendAsync(client, Hello);

        wire.Relay.Switch(LaneState.Cut);

        Assert.Equal(SocketError.ConnectionReset, await Wire.EndAsync(client));
    }

    [Fact]
    public async Task Megabytes_ThroughASmallWindow_ArriveWholeBothWaysAtOnce()
    {
        await using var wire = new Wire(limits: new RelayLimits(Window: 32 << 10));
        var (client, server) = await wire.ConnectAsync();
        var up = RandomNumberGenerator.GetBytes(8 << 20);
        var down = RandomNumberGenerator.GetBytes(8 << 20);

        var sending = Task.WhenAll(Wire.SendAsync(client, up), Wire.SendAsync(server, down));
        var arrivedDown = Wire.ReadAsync(client, down.Length);
        var arrivedUp = Wire.ReadAsync(server, up.Length);
        await sending;

        Assert.Equal(SHA256.HashData(up), SHA256.HashData(await arrivedUp));
        Assert.Equal(SHA256.HashData(down), SHA256.HashData(await arrivedDown));
    }

    [Fact]
    public async Task Sender_WhoseReceiverDoesNotRead_IsHeldBackByTheWindow()
    {
        await using var wire = new Wire(limits: new RelayLimits(Window: 64 << 10));
        var (client, server) = await wire.ConnectAsync();
        // More than the window and what the kernel holds for two sockets together.
        var bytes = new byte[64 << 20];

        var sending = Wire.SendAsync(client, bytes);
        await Wire.ReadAsync(server, 1 << 20);
        Assert.False(sending.IsCompleted);
        await Wire.ReadAsync(server, bytes.Length - (1 << 20));

        await sending;
    }

    [Fact]
    public async Task Connections_TwoThousandAtOnce_AreAllCarriedAndAllGoneAfterwards()
    {
        await using var wire = new Wire();
        var ends = new List<(Socket Client, Socket Server)>();
        for (var i = 0; i < 2000; i++)
            ends.Add(await wire.ConnectAsync());

        // Which client is behind which accepted socket is not said: each pair exchanges what it is.
        await Task.WhenAll(ends.Select(async end => await Wire.SendAsync(end.Client, Hello)));
        foreach (var (_, server) in ends)
            Assert.Equal(Hello, await Wire.ReadAsync(server, 5));
        wire.Relay.Switch(LaneState.Cut);

        foreach (var (client, _) in ends)
            Assert.Equal(SocketError.ConnectionReset, await Wire.EndAsync(client));
    }

    [Fact]
    public async Task Connection_BeyondTheLimit_IsReset()
    {
        await using var wire = new Wire(limits: new RelayLimits(MaxConnections: 1));
        var (client, server) = await wire.ConnectAsync();

        Assert.Equal(SocketError.ConnectionReset, await Wire.FateAsync(wire.Relay.Port));
    }

    [Fact]
    public async Task Target_ThatIsNotThere_IsAResetForTheClient()
    {
        await using var relay = Relay.Start(new(System.Net.IPAddress.Loopback, UnusedPort()), TimeProvider.System);

        Assert.Equal(SocketError.ConnectionReset, await Wire.FateAsync(relay.Port));
    }

    private static int UnusedPort() => ProxyCluster.Drills.Topology.LoopbackPorts.Take();
}
