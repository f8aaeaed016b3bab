using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Tests.Names;

public sealed class VersionQueryTests
{
    private static readonly ModulePath Path = ModulePath.Parse("x.org/y");

    [Theory]
    [InlineData("v1.2.3", VersionQueryKind.Version)]
    [InlineData("v0.0.0-20180208041248-4e4a3210bb54", VersionQueryKind.Version)]
    [InlineData("v2.0.0+incompatible", VersionQueryKind.Version)]
    [InlineData("v2.0.0", VersionQueryKind.LooseVersion)]
    [InlineData("v1.2.3+meta", VersionQueryKind.LooseVersion)]
    [InlineData("v1", VersionQueryKind.Prefix)]
    [InlineData("v1.2", VersionQueryKind.Prefix)]
    [InlineData("4e4a321", VersionQueryKind.Hash)]
    [InlineData("4e4a3210bb", VersionQueryKind.Hash)]
    [InlineData("0123456789abcdef0123456789abcdef01234567", VersionQueryKind.Hash)]
    [InlineData("0123456789abcdef0123456789abcdef012345678", VersionQueryKind.Revision)]
    [InlineData("4e4a32", VersionQueryKind.Revision)]
    [InlineData("4E4A3210BB", VersionQueryKind.Revision)]
    [InlineData("master", VersionQueryKind.Revision)]
    [InlineData("1.5.2", VersionQueryKind.Revision)]
    [InlineData("release-1.x", VersionQueryKind.Revision)]
    public void TryParse_Query_HasKind(string text, VersionQueryKind kind)
    {
        Assert.True(VersionQuery.TryParse(Path, text, out var query, out var error), error);
        Assert.Equal((text, kind), (query.Text, query.Kind));
        Assert.Equal(kind == VersionQueryKind.Version, query.TryGetVersion(out _));
    }

    [Theory]
    [InlineData("latest")]
    [InlineData("upgrade")]
    [InlineData("patch")]
    [InlineData("")]
    [InlineData("-x")]
    [InlineData("feature/x")]
    [InlineData("a!b")]
    [InlineData("é")]
    [InlineData("..")]
    [InlineData("v1.")]
    [InlineData("nul")]
    [InlineData("a\nb")]
    [InlineData(">=v1")]
    public void TryParse_WhatProxiesAreNotAsked_SaysWhy(string text)
    {
        Assert.False(VersionQuery.TryParse(Path, text, out _, out var error));
        Assert.NotEmpty(error);
    }

    [Fact]
    public void TryUnescape_EscapedBranch_RoundTrips()
    {
        Assert.True(VersionQuery.TryUnescape(Path, "!dev", out var query, out _));
        Assert.Equal(("Dev", "!dev", "x.org/y@Dev"), (query.Text, query.Escaped, query.ToString()));
        Assert.False(VersionQuery.TryUnescape(Path, "Dev", out _, out _));
    }
}
