using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ProxyCluster.Sockets;

namespace ProxyCluster.Tests.Sockets;

/// <summary>One loopback address plays a public one here, the usual one what is inside.</summary>
public sealed class RedirectGuardTests
{
    private static readonly IPAddress Public = IPAddress.Parse("127.0.0.2");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("10.1.2.3", true)]
    [InlineData("172.16.0.1", true)]
    [InlineData("172.32.0.1", false)]
    [InlineData("192.168.1.1", true)]
    [InlineData("169.254.169.254", true)]
    [InlineData("100.64.0.1", true)]
    [InlineData("0.0.0.0", true)]
    [InlineData("255.255.255.255", true)]
    [InlineData("8.8.8.8", false)]
    [InlineData("::1", true)]
    [InlineData("::", true)]
    [InlineData("fe80::1", true)]
    [InlineData("fd00::1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("::ffff:8.8.8.8", false)]
    [InlineData("::10.0.0.1", true)]
    [InlineData("64:ff9b::a9fe:a9fe", true)]
    [InlineData("64:ff9b:1::a9fe:a9fe", true)]
    [InlineData("2002:7f00:1::", true)]
    [InlineData("64:ff9b::808:808", false)]
    [InlineData("2606:4700::1111", false)]
    public void Address_InsideOrOutside_IsTold(string address, bool isInside) =>
        Assert.Equal(isInside, RedirectGuard.IsInside(IPAddress.Parse(address)));

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task Redirect_OfAPublicServerToInside_IsRefusedUnanswered(string host)
    {
        await using var world = await World.StartAsync(allows: false);
        Assert.Equal(HttpStatusCode.OK, await world.GetAsync(world.Outside));
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => world.GetAsync(world.InsideAt(host)));
        Assert.IsType<RedirectRefusedException>(refused.InnerException);
        Assert.Equal(0, world.AskedInside);
    }

    [Fact]
    public async Task Redirect_ToInsideWhereTheSettingAllowsIt_IsFollowed()
    {
        await using var world = await World.StartAsync(allows: true);
        Assert.Equal(HttpStatusCode.OK, await world.GetAsync(world.Outside));
        Assert.Equal(HttpStatusCode.OK, await world.GetAsync(world.InsideAt("localhost")));
    }

    [Fact]
    public async Task Redirect_OfAServerThatIsInsideItself_IsFollowed()
    {
        await using var world = await World.StartAsync(allows: false, isInside: static _ => true);
        Assert.Equal(HttpStatusCode.OK, await world.GetAsync(world.Outside));
        Assert.Equal(HttpStatusCode.OK, await world.GetAsync(world.InsideAt("localhost")));
    }

    [Fact]
    public async Task Redirect_OfAServerBehindAnOutboundProxyToInside_IsRefused()
    {
        // The proxy, which plays the server too, leads to it; what is inside is exempt from proxies.
        await using var world = await World.StartAsync(allows: false, isInside: static _ => true, server: new Uri("http://go.example.com/"));
        Assert.Equal(HttpStatusCode.OK, await world.GetAsync(new Uri("http://go.example.com/")));
        await Assert.ThrowsAsync<HttpRequestException>(() => world.GetAsync(world.InsideAt("localhost")));
        Assert.Equal(0, world.AskedInside);
    }

    private sealed class World : IAsyncDisposable
    {
        private readonly WebApplication _outside;
        private readonly WebApplication _inside;
        private HttpMessageInvoker _http = null!;
        private int _askedInside;

        private World()
        {
            _outside = Server(Public, static () => { });
            _inside = Server(IPAddress.Loopback, () => _askedInside++);
        }

        public Uri Outside => new(_outside.Urls.Single());

        public int AskedInside => _askedInside;

        public static async Task<World> StartAsync(bool allows, Func<IPAddress, bool>? isInside = null, Uri? server = null)
        {
            var world = new World();
            await world._outside.StartAsync(Cancel);
            await world._inside.StartAsync(Cancel);
            var variables = server is null ? [] : new Dictionary<string, string> { ["HTTP_PROXY"] = world.Outside.AbsoluteUri };
            var proxy = new OutboundProxy(variables.GetValueOrDefault);
            var guard = new RedirectGuard([server ?? world.Outside], allows, isInside ?? (static address => !address.Equals(Public)), proxy);
            world._http = new HttpMessageInvoker(new SocketsHttpHandler { ConnectCallback = guard.ConnectAsync, Proxy = guard.Proxy });
            return world;
        }

        public Uri InsideAt(string host) => new UriBuilder(_inside.Urls.Single()) { Host = host }.Uri;

        public async Task<HttpStatusCode> GetAsync(Uri url)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            using var response = await _http.SendAsync(request, Cancel);
            return response.StatusCode;
        }

        public async ValueTask DisposeAsync()
        {
            _http.Dispose();
            await _outside.DisposeAsync();
            await _inside.DisposeAsync();
        }

        private static WebApplication Server(IPAddress address, Action asked)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls($"http://{address}:0");
            var app = builder.Build();
            app.Run(context =>
            {
                asked();
                return context.Response.WriteAsync("ok");
            });
            return app;
        }
    }
}
