using FsCheck;
using FsCheck.Fluent;
using ProxyCluster.Http;

namespace ProxyCluster.Tests.Http;

public class RequestTargetTests
{
    [Theory]
    [InlineData("/github.com/%21azure/x/@v/list", "/github.com/!azure/x/@v/list")]
    [InlineData("/a.b/@v/v2.0.0+incompatible.info", "/a.b/@v/v2.0.0+incompatible.info")]
    [InlineData("/a.b/@v/v2.0.0%2Bincompatible.info", "/a.b/@v/v2.0.0+incompatible.info")]
    [InlineData("/a.b/%40v/list", "/a.b/@v/list")]
    [InlineData("/a.b/@v/list?go-get=1", "/a.b/@v/list")]
    [InlineData("http://proxy.example/a.b/@v/list", "/a.b/@v/list")]
    [InlineData("http://proxy.example", "/")]
    [InlineData("http://proxy.example?of=/a.b/@v/list", "/")]
    [InlineData("/", "/")]
    [InlineData("/a.b/%2521/@v/list", "/a.b/%21/@v/list")] // once, never twice
    public void TryDecode_TargetOfAClient_GivesThePath(string target, string path)
    {
        Assert.True(RequestTarget.TryDecode(RequestTarget.PathOf(target), out var decoded, out _));
        Assert.Equal(path, decoded);
    }

    [Theory]
    [InlineData("/a.b%2Fc/@v/list")]
    [InlineData("/a.b%2fc/@v/list")]
    [InlineData("/a.b/../c/@v/list")]
    [InlineData("/a.b/%2e%2e/c/@v/list")]
    [InlineData("/a.b/./c/@v/list")]
    [InlineData("/a.b//c/@v/list")]
    [InlineData("//a.b/@v/list")]
    [InlineData("/a.b/@v/list/")]
    [InlineData("/a.b/%00/@v/list")]
    [InlineData("/a.b/%20/@v/list")]
    [InlineData("/a.b/%C3%A9/@v/list")]
    [InlineData("/a.b/\u00e9/@v/list")]
    [InlineData("/a.b\\c/@v/list")]
    [InlineData("/a.b/%zz")]
    [InlineData("/a.b/%2")]
    [InlineData("*")]
    [InlineData("")]
    public void TryDecode_TargetOfNobody_IsRefusedWithASentence(string target)
    {
        Assert.False(RequestTarget.TryDecode(RequestTarget.PathOf(target), out _, out var error));
        Assert.NotEmpty(error);
    }

    [Theory]
    [InlineData("/a.b/@v/list?x", "/a.b/@v/list?x")]
    [InlineData("http://proxy.example/a.b/@v/list?x", "/a.b/@v/list?x")]
    [InlineData("http://a.b/a.b", "/a.b")] // not what stands before: the second slash of the scheme
    [InlineData("http://proxy.example", "/")]
    [InlineData("http://proxy.example?of=/a.b", "/?of=/a.b")]
    [InlineData("*", "*")]
    public void From_Target_IsPathAndQueryAsTheyCame(string target, string from) => Assert.Equal(from, RequestTarget.From(target));

    [Fact]
    public void TryDecode_AnyText_NeverThrowsAndNeverLetsADotSegmentThrough() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonNull<string>>(),
        text => !RequestTarget.TryDecode(RequestTarget.PathOf("/" + text.Get), out var decoded, out _)
            || !decoded.Split('/').Any(s => s is "." or "..")).QuickCheckThrowOnFailure();
}
