using ProxyCluster.Sockets;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Tests.Fetching;

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
        using var fixture = new ChainFixture("http://upstream.example", guard: new RedirectGuard([], allows: false, proxy: proxy));

        Assert.Equal("a zip", (await fixture.FetchAsync()).Value);

        Assert.Equal("Basic bWU6cEBzcw==", way.Calls.Last().Header("Proxy-Authorization"));
    }

    private static Func<string, string?> Of(params (string Name, string Value)[] variables) =>
        name => variables.FirstOrDefault(variable => variable.Name == name).Value;
}
