using System.Net;
using System.Net.Sockets;
using System.Text;
using ProxyCluster.Fetching;
using ProxyCluster.Sockets;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Tests.Fetching;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Sockets;

public sealed class OutboundProxyTests
{
    [Theory]
    [InlineData("", "http://a.example", true)]
    [InlineData("*", "http://a.example", false)]
    [InlineData("b.example,*", "http://10.0.0.1", false)]
    [InlineData("a.example", "http://a.example", false)]
    [InlineData("a.example", "http://sub.a.example", false)] // a domain without a dot covers what is below it
    [InlineData("a.example", "http://nota.example", true)]
    [InlineData(".a.example", "http://sub.a.example", false)]
    [InlineData(".a.example", "http://a.example", true)]
    [InlineData("*.a.example", "http://sub.a.example", false)]
    [InlineData("*.a.example", "http://a.example", true)]
    [InlineData(" A.Example , b.example", "http://a.EXAMPLE", false)]
    [InlineData("a.example:8080", "http://a.example:8080", false)]
    [InlineData("a.example:8080", "http://a.example", true)]
    [InlineData("a.example:80", "http://a.example", false)]
    [InlineData("10.1.2.3", "http://10.1.2.3", false)]
    [InlineData("10.1.2.3:81", "http://10.1.2.3", true)]
    [InlineData("10.0.0.0/8", "http://10.1.2.3", false)]
    [InlineData("10.1.2.3/8", "http://10.200.0.1", false)]
    [InlineData("10.0.0.0/8", "http://11.0.0.1", true)]
    [InlineData("10.0.0.0/8", "http://ten.example", true)]
    [InlineData("fd00::/8", "http://[fd12::1]", false)]
    [InlineData("[fd12::1]:80", "http://[fd12::1]", false)]
    [InlineData("fd12::1", "http://[fd12::1]", false)]
    [InlineData("", "http://localhost:1", false)]
    [InlineData("", "http://127.1.2.3", false)]
    [InlineData("", "http://[::1]", false)]
    [InlineData(":80,/,10.0.0.0/99", "http://a.example", true)]
    public void Exception_InNoProxy_IsReadAsGoReadsIt(string noProxy, string url, bool goesThrough)
    {
        var proxy = new OutboundProxy(Of(("HTTP_PROXY", "proxy.example:3128"), ("NO_PROXY", noProxy)));
        Assert.Equal(goesThrough ? "http://proxy.example:3128/" : null, proxy.GetProxy(new Uri(url))?.ToString());
        Assert.Equal(!goesThrough, proxy.IsBypassed(new Uri(url)));
    }

    [Theory]
    [InlineData("http://a.example", "http://plain.example:1/")]
    [InlineData("https://a.example", "socks5://secure.example:1080/")]
    public void Proxy_ByScheme_IsTheOneOfItsVariable(string url, string expected) => Assert.Equal(
        expected,
        new OutboundProxy(Of(("http_proxy", "http://plain.example:1"), ("HTTPS_PROXY", "socks5h://secure.example"), ("https_proxy", "http://no.example")))
            .GetProxy(new Uri(url))?.ToString());

    [Fact]
    public void Proxy_WithinCgi_IsNotTakenFromAHeader() => Assert.Null(
        new OutboundProxy(Of(("HTTP_PROXY", "http://evil.example"), ("REQUEST_METHOD", "GET"))).GetProxy(new Uri("http://a.example")));

    [Theory]
    [InlineData("ftp://p.example", true)]
    [InlineData("quic://me:hunter2@p.example", true)]
    [InlineData("http://", true)]
    [InlineData("p.example:3128", false)]
    [InlineData("http://p.example", false)]
    [InlineData("https://p.example", false)]
    [InlineData("socks5://p.example:1080", false)]
    [InlineData("socks5h://p.example:1080", false)]
    [InlineData("", false)]
    public void Scheme_ThatIsNotKnown_IsAMistakeAtStart(string text, bool isWrong)
    {
        var fault = OutboundProxy.FaultOrNull(Of(("https_proxy", text)));
        Assert.Equal(isWrong, fault is not null);
        Assert.DoesNotContain("hunter2", fault ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upstream_BeyondAProxyWithALogin_IsReached()
    {
        await using var way = UpstreamServer.Start();
        way.Put("http://upstream.example" + ChainFixture.ZipPath, "a zip");
        way.Faults.Next("*", Fault.Status(407, "", "text/plain", ("Proxy-Authenticate", "Basic realm=\"way\"")));
        var proxy = new OutboundProxy(Of(("HTTP_PROXY", way.Url.Replace("//", "//me:p%40ss@", StringComparison.Ordinal))));
        using var fixture = new ChainFixture("http://upstream.example", handler: handler => handler.Proxy = proxy);

        Assert.Equal("a zip", (await fixture.FetchAsync()).Value);

        Assert.Equal("Basic bWU6cEBzcw==", way.Calls.Last().Header("Proxy-Authorization"));
    }

    [Fact]
    public async Task Upstream_BeyondSocks5h_IsReachedByTheNameThatTheProxyResolves()
    {
        await using var upstream = UpstreamServer.Start();
        upstream.Put(ChainFixture.ZipPath, "a zip");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var way = RelayAsync(listener, new Uri(upstream.Url));
        var proxy = new OutboundProxy(Of(("HTTP_PROXY", $"socks5h://{listener.LocalEndpoint}")));
        using (var fixture = new ChainFixture("http://upstream.example", handler: handler => handler.Proxy = proxy))
            Assert.Equal("a zip", (await fixture.FetchAsync()).Value);

        Assert.Equal("upstream.example", await way);
    }

    [Fact]
    public void Handlers_OfUpstreamsAndChecksumDatabase_TakeTheSameWay()
    {
        using var upstream = HttpUpstream.CreateHandler(new UpstreamsOptions(), TimeProvider.System);
        using var database = HttpChecksumDatabaseSource.Handler(new VerificationOptions());

        Assert.Same(OutboundProxy.OfEnvironment, upstream.Proxy);
        Assert.Same(OutboundProxy.OfEnvironment, database.Proxy);
    }

    // One connection through SOCKS5 (RFC 1928), wherever it wants to go, to one place; gives the name that it wanted.
    private static async Task<string> RelayAsync(TcpListener listener, Uri to)
    {
        using var client = await listener.AcceptTcpClientAsync(Cancel);
        await using var near = client.GetStream();
        var head = new byte[5];
        await near.ReadExactlyAsync(head.AsMemory(0, 2), Cancel);
        await near.ReadExactlyAsync(new byte[head[1]], Cancel);
        await near.WriteAsync(new byte[] { 5, 0 }, Cancel); // no login
        await near.ReadExactlyAsync(head, Cancel);
        Assert.Equal([5, 1, 0, 3], head[..4]); // connect, to a name
        var name = new byte[head[4]];
        await near.ReadExactlyAsync(name, Cancel);
        await near.ReadExactlyAsync(new byte[2], Cancel);
        using var server = new TcpClient();
        await server.ConnectAsync(to.Host, to.Port, Cancel);
        await using var far = server.GetStream();
        await near.WriteAsync(new byte[] { 5, 0, 0, 1, 0, 0, 0, 0, 0, 0 }, Cancel);
        await Task.WhenAny(near.CopyToAsync(far, Cancel), far.CopyToAsync(near, Cancel));
        return Encoding.ASCII.GetString(name);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Func<string, string?> Of(params (string Name, string Value)[] variables) =>
        name => variables.FirstOrDefault(variable => variable.Name == name).Value;
}
