using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Tests.Names;

public sealed class ModuleVersionTests
{
    [Theory]
    [InlineData("x.org/y", "v0.1.0")]
    [InlineData("x.org/y", "v1.2.3-pre")]
    [InlineData("x.org/y", "v2.0.0+incompatible")]
    [InlineData("x.org/y/v2", "v2.3.4")]
    [InlineData("x.org/y/v2", "v2.0.0-20180208041248-4e4a3210bb54")]
    [InlineData("gopkg.in/yaml.v2", "v2.4.0")]
    [InlineData("gopkg.in/yaml.v0", "v0.1.0")]
    [InlineData("gopkg.in/check.v1", "v1.0.0-20161208181325-20d25e280405")]
    [InlineData("gopkg.in/check.v1", "v0.0.0-20161208181325-20d25e280405")]
    [InlineData("gopkg.in/check.v1-unstable", "v0.0.0-20161208181325-20d25e280405")]
    [InlineData("gopkg.in/check.v3-unstable", "v3.0.0")]
    public void TryParse_FittingVersion_Succeeds(string path, string version)
    {
        Assert.True(ModuleVersion.TryParse(path, version, out var module, out var error), error);
        Assert.Equal($"{path}@{version}", module.ToString());
    }

    [Theory]
    [InlineData("x.org/y", "v2.0.0")]
    [InlineData("x.org/y/v2", "v1.0.0")]
    [InlineData("x.org/y/v2", "v3.0.0+incompatible")]
    [InlineData("x.org/y/v2", "v0.0.0-20161208181325-20d25e280405")]
    [InlineData("gopkg.in/yaml.v2", "v1.0.0")]
    [InlineData("gopkg.in/yaml.v2", "v0.0.0-20161208181325-20d25e280405")]
    [InlineData("gopkg.in/yaml.v1", "v0.0.1")]
    [InlineData("x.org/y", "v1")]
    [InlineData("x.org/y", "v1.2")]
    [InlineData("x.org/y", "v1.2.3+meta")]
    [InlineData("x.org/y", "master")]
    [InlineData("x.org/y", "-v1.0.0")]
    [InlineData("x.org/y", "")]
    [InlineData("bad", "v1.0.0")]
    public void TryParse_OtherVersion_SaysWhy(string path, string version)
    {
        Assert.False(ModuleVersion.TryParse(path, version, out var module, out var error));
        Assert.Equal(default, module);
        Assert.NotEmpty(error);
    }

    [Fact]
    public void TryUnescape_EscapedVersion_RoundTrips()
    {
        var path = ModulePath.Parse("x.org/y");
        Assert.True(ModuleVersion.TryUnescape(path, "v1.0.0-!r!c1", out var module, out _));
        Assert.Equal("v1.0.0-RC1", module.Version);
        Assert.Equal("v1.0.0-!r!c1", module.EscapedVersion);
        Assert.False(ModuleVersion.TryUnescape(path, "v1.0.0-RC1", out _, out _));
    }

    [Fact]
    public void Constructor_UnfittingVersion_Throws() =>
        Assert.Throws<ArgumentException>(() => new ModuleVersion(ModulePath.Parse("x.org/y"), "v2.0.0"));

    [Fact]
    public void TryCreate_DefaultPath_IsRefused() => Assert.False(ModuleVersion.TryCreate(default, "v1.0.0", out _, out _));

    [Fact]
    public void Default_PrintsWithoutCrash() => Assert.Equal("@", default(ModuleVersion).ToString());
}
