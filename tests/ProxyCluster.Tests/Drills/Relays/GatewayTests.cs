using System.Net;
using System.Net.Sockets;
using ProxyCluster.Drills.Relays;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Tests.Drills.Relays;

/// <summary>The gateway, as the clients that the cluster really uses see it: .NET's SOCKS.</summary>
public sealed class GatewayTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly RegionLanes _lanes;
    private readonly UpstreamServer _server = UpstreamServer.Start();
    private readonly Gateway _gateway;
    private readonly HttpClient _http;

    public GatewayTests()
    {
        _lanes = new RegionLanes(_clock);
        _server.Put("/file", "content");
        _gateway = Gateway.Start(_ => (_lanes.Find("a", "b"), _lanes.Find("b", "a")));
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = true, Proxy = new WebProxy(_gateway.Url) });
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Uri File => new(_server.Url + "/file");

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _gateway.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Request_ThroughIt_IsAnswered()
    {
        Assert.Equal("content", await _http.GetStringAsync(File, Token));
        Assert.Equal(1, _gateway.Connections);
    }

    [Fact]
    public async Task Connecting_OverADistance_CostsOneRoundTrip()
    {
        _lanes.SetRoundTrip("a", "b", TimeSpan.FromSeconds(2));
        var asking = _http.GetStringAsync(File, Token);
        for (var way = 0; way < 2; way++)
        {
            await _clock.TimerDueIn(TimeSpan.FromSeconds(1));
            Assert.Equal(0, _server.TotalRequests);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        // Then the request and the answer, in as many pieces as the sockets make of them.
        while (await Task.WhenAny(asking, _clock.TimerArmed(static _ => true)) != asking)
            _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("content", await asking);
    }

    [Fact]
    public async Task Connecting_OverACutLane_IsRefused()
    {
        _lanes.Cut("a", "b");

        await Assert.ThrowsAsync<HttpRequestException>(() => _http.GetStringAsync(File, Token));
        Assert.Equal(0, _server.TotalRequests);
    }

    [Fact]
    public async Task Connecting_OverAHeldLane_EndsWhenTheClientHasNoMorePatience()
    {
        _lanes.Hold("a", "b");
        using var impatient = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = true,
            Proxy = new WebProxy(_gateway.Url),
            ConnectTimeout = TimeSpan.FromMilliseconds(50),
        });

        // .NET reports the one or the other, depending on where in the handshake its patience ends.
        var end = await Record.ExceptionAsync(() => impatient.GetStringAsync(File, Token));
        Assert.True(end is HttpRequestException or OperationCanceledException, $"{end}");
        _lanes.Heal("a", "b");
        Assert.Equal("content", await _http.GetStringAsync(File, Token));
    }

    [Fact]
    public async Task KeptConnection_WhoseLaneIsCut_IsReset()
    {
        await _http.GetStringAsync(File, Token);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _server.Faults.Always("/file", new Fault("held back", async x =>
        {
            await go.Task.WaitAsync(x.Stopped);
            return false;
        }));
        var asking = _http.GetStringAsync(File, Token);
        await _server.Requested("/file", 2);

        _lanes.Cut("a", "b");

        await Assert.ThrowsAsync<HttpRequestException>(() => asking);
        go.SetResult();
    }

    [Theory]
    [InlineData("05 01 00 05 01 00 03 0b 6578616d706c652e636f6d 0050")] // another host
    [InlineData("05 01 00 05 01 00 01 0a000001 0050")]
    [InlineData("05 01 00 05 02 00 01 7f000001 0050")] // BIND
    [InlineData("05 01 02")] // password only
    [InlineData("04 01 0050 7f000001 00")] // SOCKS 4
    public async Task Request_ForWhatItDoesNotDo_IsRefused(string bytes)
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, _gateway.Port, Token);
        await Wire.SendAsync(client, Convert.FromHexString(bytes.Replace(" ", "", StringComparison.Ordinal)));
        client.Shutdown(SocketShutdown.Send);

        await Wire.EndAsync(client);

        Assert.Equal(0, _server.TotalRequests);
        Assert.Equal("content", await _http.GetStringAsync(File, Token));
    }
}
