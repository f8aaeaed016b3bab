using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Drills.Relays;
using ProxyCluster.Silos;
using ProxyCluster.Sockets;
using ProxyCluster.TestKit.Redis;

namespace ProxyCluster.Tests.Silos;

/// <summary>Lines of silos, and of Redis, through a rehearsal's gateway.</summary>
public sealed class GatewayLinesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Silos_OfTwoRegions_TalkThroughTheGateway()
    {
        await using var gateway = GatewayOf(new RegionLanes(TimeProvider.System));
        var store = new MemoryStore();
        await using var tokyo = Create("tokyo", store, null, gateway.Url);
        await using var paris = Create("paris", store, null, gateway.Url);

        await JoinAsync(tokyo, "tokyo");
        await JoinAsync(paris, "paris");
        await SeenAsync(tokyo, 2);
        await SeenAsync(paris, 2);

        Assert.InRange(gateway.Connections, 1, 8);
    }

    [Fact]
    public async Task Silos_OfOneRegion_NeedNoGateway()
    {
        await using var gateway = GatewayOf(new RegionLanes(TimeProvider.System));
        var store = new MemoryStore();
        await using var one = Create("tokyo", store, null, gateway.Url);
        await using var two = Create("tokyo", store, null, gateway.Url);

        await JoinAsync(one, "tokyo");
        await JoinAsync(two, "tokyo");
        await SeenAsync(one, 2);
        await SeenAsync(two, 2);

        Assert.Equal(0, gateway.Connections);
    }

    [Fact]
    [Trait("Needs", "redis")]
    public async Task Silo_OnRedis_ReachesItThroughTheGateway()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var gateway = GatewayOf(new RegionLanes(TimeProvider.System));
        await using var engine = Create("tokyo", new MemoryStore(), $"redis://127.0.0.1:{redis.Port}", gateway.Url);

        await JoinAsync(engine, "tokyo");

        Assert.False(engine.Status.IsDegraded, engine.Status.Detail);
        Assert.InRange(gateway.Connections, 1, 8);
    }

    [Fact]
    public async Task Dial_ATargetThatListens_CarriesBytesBothWays()
    {
        await using var gateway = GatewayOf(new RegionLanes(TimeProvider.System));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var accepting = listener.AcceptSocketAsync(Cancel);

        using var near = await Socks5.DialAsync(gateway.Url, (IPEndPoint)listener.LocalEndpoint, Cancel);
        using var far = await accepting;

        await near.SendAsync("ping"u8.ToArray(), Cancel);
        Assert.Equal("ping"u8.ToArray(), await ReadAsync(far, 4));
        await far.SendAsync("pong"u8.ToArray(), Cancel);
        Assert.Equal("pong"u8.ToArray(), await ReadAsync(near, 4));
    }

    [Fact]
    public async Task Dial_ATargetBehindACutLine_IsRefused()
    {
        var lanes = new RegionLanes(TimeProvider.System);
        await using var gateway = GatewayOf(lanes);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        lanes.Cut("here", "there");

        await Assert.ThrowsAsync<IOException>(() => Socks5.DialAsync(gateway.Url, (IPEndPoint)listener.LocalEndpoint, Cancel));
    }

    private static Gateway GatewayOf(RegionLanes lanes) => Gateway.Start(_ => (lanes.Find("here", "there"), lanes.Find("there", "here")));

    private static OrleansEngine Create(string region, MemoryStore store, string? clusterStore, Uri gateway)
    {
        var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build())
            .AddSingleton(TimeProvider.System)
            .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance)
            .AddMetrics()
            .AddSingleton(store)
            .AddSingleton(Options.Create(new OrleansOptions()))
            .AddSingleton(Options.Create(new ClusteringOptions { Region = region, Gateway = gateway, Store = clusterStore ?? "" }))
            .BuildServiceProvider();
        return new OrleansEngine(new Rooms(services), TimeProvider.System, NullLogger<OrleansEngine>.Instance);
    }

    private static Task JoinAsync(OrleansEngine engine, string region) =>
        engine.JoinAsync(new Member($"{region}-{Guid.NewGuid():N}", region, new Uri("http://127.0.0.1:1"), Role.All, "tests"), Cancel);

    private static async Task SeenAsync(OrleansEngine engine, int members)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        engine.ViewChanged += Look;
        Look(engine.View);
        await seen.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);

        void Look(ClusterView view)
        {
            if (view.Members.Length >= members)
                seen.TrySetResult();
        }
    }

    private static async Task<byte[]> ReadAsync(Socket socket, int count)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
            at += await socket.ReceiveAsync(bytes.AsMemory(at), Cancel) is var read and > 0 ? read : throw new IOException("closed");
        return bytes;
    }
}
