using ProxyCluster.Fetching;
using ProxyCluster.Tests.Credentials;

namespace ProxyCluster.Tests.Fetching;

public sealed class GoProxyListTests
{
    [Theory]
    [InlineData("https://proxy.golang.org", "https://proxy.golang.org")]
    [InlineData("proxy.example.com", "https://proxy.example.com")]
    [InlineData("proxy.example.com/go/", "https://proxy.example.com/go")]
    [InlineData("localhost:3000/x", "https://localhost:3000/x")]
    [InlineData(" https://a.example , , |https://b.example | off ", "https://a.example,https://b.example|off")]
    [InlineData("https://a.example|off,https://ignored example", "https://a.example|off")]
    [InlineData("off,direct", "off")]
    [InlineData("off", "off")]
    [InlineData("file:///srv/tree", "file:///srv/tree")]
    [InlineData("HTTPS://Proxy.Example.COM", "https://proxy.example.com")]
    [InlineData("http://127.0.0.1:8081/base", "http://127.0.0.1:8081/base")]
    [InlineData("https://user:hunter2@a.example/x,off", "https://a.example/x,off")]
    public void List_InGoSyntax_IsReadAsGoDoes(string text, string shown)
    {
        Assert.True(GoProxyList.TryParse(text, out var list, out var error), error);
        Assert.Equal(shown, list.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(" , |")]
    [InlineData("bogus")]
    [InlineData("direct")]
    [InlineData("https://a.example,direct")]
    [InlineData("https://a.example|direct,off")]
    [InlineData("/srv/tree")]
    [InlineData("ftp://a.example")]
    [InlineData("git+https://a.example")]
    [InlineData("https://")]
    [InlineData("https:/a.example")]
    [InlineData("https://a.example?x=1")]
    [InlineData("https://a.example/#x")]
    [InlineData("file://host/srv")]
    [InlineData("file:///srv?x")]
    [InlineData("https://a.example,ftp://b.example")]
    public void List_ThatGoWouldRefuse_IsRefusedWithASentence(string text)
    {
        Assert.False(GoProxyList.TryParse(text, out _, out var error));
        Assert.Contains(" ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://user:hunter2@a.example")]
    [InlineData("ftp://user:hunter2@a.example")]
    [InlineData("https://user:hunter2@a.example?x")]
    [InlineData("https://user:hun/hunter2@a.example?x")]
    [InlineData("file://user:hunter2@/srv")]
    [InlineData("https://user:hunter2@:bad:port/")]
    public void List_WithAPasswordInABadEntry_IsRefusedWithoutShowingIt(string text)
    {
        Assert.False(GoProxyList.TryParse(text, out _, out var error));
        Assert.False(error.Contains("hunter2", StringComparison.Ordinal), error);
    }

    [Fact]
    public void List_WithSeparators_RemembersThemPerEntry()
    {
        Assert.True(GoProxyList.TryParse("a.example|b.example,c.example", out var list, out _));
        Assert.Equal([true, false, false], list.Entries.Select(e => e.PassesAnyFailure));
    }

    [Fact]
    public void Userinfo_OverHttpToThisMachine_IsKept()
    {
        Assert.True(GoProxyList.TryParse("http://me:a%3Ab@127.0.0.1:1", out var list, out _));
        Assert.Equal("Authorization: Basic bWU6YTpi", list.Entries[0].Login!.Shown());
        Assert.DoesNotContain("me", list.Entries[0].ToString(), StringComparison.Ordinal);
        Assert.Equal("", list.Entries[0].Url!.UserInfo);
    }
}
