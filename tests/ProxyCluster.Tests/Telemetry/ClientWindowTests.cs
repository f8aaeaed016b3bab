using System.Net;
using ProxyCluster.Sockets;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Telemetry;

public sealed class ClientWindowTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly ClientWindow _window;

    public ClientWindowTests() => _window = new ClientWindow(_clock);

    [Fact]
    public void Read_WhatWasCounted_IsTheSumOfEach()
    {
        Ask(Client(1), 3);
        _window.CountRequest(Client(1), isRefused: true, _clock.GetTimestamp());
        _window.CountQueued(Client(1), TimeSpan.FromMilliseconds(1.5), _clock.GetTimestamp());
        _window.CountTurnedAway(Client(2));
        _clock.Advance(TimeSpan.FromSeconds(49));
        _window.CountQueued(Client(1), TimeSpan.FromMilliseconds(1), _clock.GetTimestamp());

        Assert.Equal(new ClientFigures(4, 1, TimeSpan.FromMilliseconds(2.5)), Of(Client(1)));
        Assert.Equal(new ClientFigures(0, 1, TimeSpan.Zero), Of(Client(2)));
        Assert.Equal(new ClientFigures(4, 2, TimeSpan.FromMilliseconds(2.5)), _window.Read(ClientWindow.Minute).Total);
    }

    [Fact]
    public void Read_AsTimePasses_ForgetsWhatIsOlderThanTheWindow()
    {
        for (var slice = 0; slice < 200; slice++)
        {
            Ask(Client(1), 1);
            Assert.Equal((Math.Min(slice + 1, 6), Math.Min(slice + 1, 60)), (Of(Client(1)).Requests, _window.Read(ClientWindow.TenMinutes).Total.Requests));
            _clock.Advance(TimeSpan.FromSeconds(10));
        }

        _clock.Advance(ClientWindow.Minute);
        Assert.Empty(_window.Read(ClientWindow.Minute).Clients);
        _clock.Advance(ClientWindow.TenMinutes);
        Assert.Empty(_window.Read(ClientWindow.TenMinutes).Clients);
    }

    [Fact]
    public void Read_AddressesOfOneNetwork_AreOneClient()
    {
        Ask(ClientAddress.Of(IPAddress.Parse("2001:db8::1")), 1);
        Ask(ClientAddress.Of(IPAddress.Parse("2001:db8::ffff:1")), 1);
        var (client, figures) = Assert.Single(_window.Read(ClientWindow.Minute).Clients);
        Assert.Equal(("2001:db8::/64", 2), (client.ToString(), figures.Requests));
    }

    [Fact]
    public void Count_AFloodOfAddressesThatComeOnce_LeavesTheHeavyOnesExact()
    {
        // 1. Heavy by each figure, and one that is heavy only as long as the flood lasts: 20 of 10,000.
        var (asks, refused, waits, slow) = (Client(1), Client(2), Client(3), Client(4));
        Ask(asks, 1000);
        for (var i = 0; i < 30; i++)
            _window.CountTurnedAway(refused);
        _window.CountQueued(waits, TimeSpan.FromSeconds(30), _clock.GetTimestamp());
        for (var i = 0; i < 10_000; i++)
        {
            Ask(ClientAddress.Of(new IPAddress([0x20, 1, 0xd, 0xb8, 0, 0, (byte)(i >> 8), (byte)i, 0, 0, 0, 0, 0, 0, 0, 1])), 1);
            if (i % 500 == 0)
                Ask(slow, 2);
        }

        // 2. Whatever is no longer told apart is in the sum.
        var read = _window.Read(ClientWindow.Minute);
        Assert.Equal(1000, Of(asks).Requests);
        Assert.Equal(30, Of(refused).Refused);
        Assert.Equal(TimeSpan.FromSeconds(30), Of(waits).Queued);
        Assert.Equal(40, Of(slow).Requests);
        Assert.InRange(read.Clients.Count, ClientWindow.MaxClients / 2, ClientWindow.MaxClients);
        Assert.Equal(new ClientFigures(11_040, 30, TimeSpan.FromSeconds(30)), read.Total);
        Assert.Equal(11_040 - read.Clients.Sum(static one => one.Value.Requests), read.Untracked.Requests);

        // 3. That sum is forgotten in its time too.
        _clock.Advance(ClientWindow.TenMinutes);
        Assert.Equal(default, _window.Read(ClientWindow.TenMinutes).Total);
    }

    [Fact]
    public void Count_ByManyThreads_LosesNothingWithinASlice()
    {
        const int Threads = 4, Each = 50_000;
        Parallel.For(0, Threads, thread =>
        {
            for (var i = 0; i < Each; i++)
                _window.CountRequest(Client(i % 100), isRefused: i % 2 == 0, _clock.GetTimestamp());
        });
        var total = _window.Read(ClientWindow.Minute).Total;
        Assert.Equal((Threads * Each, Threads * Each / 2), (total.Requests, total.Refused));
    }

    private static ClientAddress Client(int number) => ClientAddress.Of(new IPAddress([10, 0, 0, (byte)number]));

    private void Ask(ClientAddress client, int times)
    {
        for (var i = 0; i < times; i++)
            _window.CountRequest(client, isRefused: false, _clock.GetTimestamp());
    }

    private ClientFigures Of(ClientAddress client) => _window.Read(ClientWindow.Minute).Clients.Single(one => one.Key == client).Value;
}
