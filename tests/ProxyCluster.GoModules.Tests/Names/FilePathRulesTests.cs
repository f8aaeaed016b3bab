using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Tests.Names;

public sealed class FilePathRulesTests
{
    [Theory]
    [InlineData("a")]
    [InlineData(".gitignore")]
    [InlineData("-a/b c/!#$%&()+,-.=@[]^_{}~.go")]
    [InlineData("a/z~1")]
    [InlineData("é/日本/ß.go")]
    [InlineData("𐐀")]
    [InlineData("v1/go.mod")]
    [InlineData("a..b")]
    [InlineData("...a")]
    public void TryCheck_PortableName_Succeeds(string path) => Assert.True(FilePathRules.TryCheck(path, out _));

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData(".")]
    [InlineData("../a")]
    [InlineData("a/../b")]
    [InlineData("a/...")]
    [InlineData("a.")]
    [InlineData("a./b")]
    [InlineData("a\\b")]
    [InlineData("a:b")]
    [InlineData("a*")]
    [InlineData("a?")]
    [InlineData("a\"b")]
    [InlineData("a'b")]
    [InlineData("a<b")]
    [InlineData("a>b")]
    [InlineData("a|b")]
    [InlineData("a;b")]
    [InlineData("a`b")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("a\u007fb")]
    [InlineData("e\u0301")]
    [InlineData("\u0661")]
    [InlineData("\ue000")]
    [InlineData("a\ud800b")]
    [InlineData("a😀")]
    [InlineData("con")]
    [InlineData("a/Aux.go")]
    [InlineData("NUL.tar.gz/b")]
    [InlineData("com5")]
    public void TryCheck_UnportableName_SaysWhy(string path)
    {
        Assert.False(FilePathRules.TryCheck(path, out var error));
        Assert.StartsWith("malformed file path", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryCheckElement_Slash_IsRefused()
    {
        Assert.True(FilePathRules.TryCheckElement("a b", out _));
        Assert.False(FilePathRules.TryCheckElement("a/b", out _));
    }
}
