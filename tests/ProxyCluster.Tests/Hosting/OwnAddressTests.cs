using ProxyCluster.Hosting;

namespace ProxyCluster.Tests.Hosting;

public sealed class OwnAddressTests
{
    [Theory]
    [InlineData("http://localhost:8080", "http://localhost:8080")]
    [InlineData("http://localhost:8080", "https://proxy.golang.org,http://127.0.0.1:8080/goproxy|off")]
    [InlineData("http://127.0.0.1:8080", "http://localhost:8080,direct")]
    [InlineData("http://*:8080", "http://127.0.0.1:8080")]
    [InlineData("http://0.0.0.0:80", "http://localhost")]
    [InlineData("http://[::]:8080", "http://[::1]:8080")]
    [InlineData("http://proxy.corp:8080", "http://me:secret@PROXY.corp:8080")]
    public void FindOrNull_ListLeadsBackHere_NamesTheEntryWithoutCredentials(string listen, string upstreams)
    {
        var own = OwnAddress.FindOrNull([listen], upstreams);
        Assert.NotNull(own);
        Assert.DoesNotContain("secret", own, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://localhost:8080", "https://proxy.golang.org,direct")]
    [InlineData("http://localhost:8080", "http://localhost:8081")]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.2:8080")]
    [InlineData("http://*:8080", "http://other.corp:8080")]
    [InlineData("http://*:8080", "off")]
    [InlineData("http://*:8080", "file:///srv/modules")]
    [InlineData("not an address", "http://localhost:8080")]
    public void FindOrNull_ListLeadsElsewhere_IsNull(string listen, string upstreams) =>
        Assert.Null(OwnAddress.FindOrNull([listen], upstreams));
}
