using System.Text;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.GoModules.Tests.Zips;

public sealed class GoModFileTests
{
    [Theory]
    [InlineData("module x.org/y\n", "x.org/y")]
    [InlineData("module x.org/y", "x.org/y")]
    [InlineData("// Deprecated: no.\n\nmodule\tx.org/y // here\r\n", "x.org/y")]
    [InlineData("module \"x.org/y\"\n", "x.org/y")]
    [InlineData("module `x.org/y`\n", "x.org/y")]
    [InlineData("module (\n\tx.org/y\n)\n", "x.org/y")]
    [InlineData("go 1.20\nmodule x.org/y\n", "x.org/y")]
    [InlineData("require (\n\tmodule v1.0.0\n)\nmodule x.org/y\n", "x.org/y")]
    [InlineData("modulex y\nmodule x.org/y\n", "x.org/y")]
    [InlineData("//module x.org/z\nmodule x.org/y\n", "x.org/y")]
    [InlineData("module x.org/y//z\n", "x.org/y")]
    [InlineData("", null)]
    [InlineData("module\n", null)]
    [InlineData("module x.org/y z\n", null)]
    [InlineData("module \"x.org/y\n", null)]
    [InlineData("module \"x\\u002eorg\"\n", null)]
    [InlineData("module \"\"\n", null)]
    [InlineData("<html>module</html>", null)]
    public void ModulePathOrNull_Text_IsRead(string text, string? path) =>
        Assert.Equal(path, GoModFile.ModulePathOrNull(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("module x.org/y\n\ngo 1.12\n", "1.12")]
    [InlineData("go 1.21.3 // x\n", "1.21.3")]
    [InlineData("go 1.24rc1\r\n", "1.24rc1")]
    [InlineData("go v1.21.x\n", "1.21")]
    [InlineData("go 1.21.x\n", "1.21")]
    [InlineData("go 1\n", null)]
    [InlineData("go 01.2\n", null)]
    [InlineData("go 1.21 1.22\n", null)]
    [InlineData("go 1.21\ngo 1.22\n", null)]
    [InlineData("require (\n go 1.21\n)\n", null)]
    [InlineData("go (\n 1.21\n)\n", null)]
    [InlineData("toolchain go1.21\n", null)]
    [InlineData("go \"1.21\"\n", null)]
    [InlineData("", null)]
    public void LanguageVersionOrNull_Text_IsRead(string text, string? version) =>
        Assert.Equal(version, GoModFile.LanguageVersionOrNull(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Requirements_Replaced_AreWhatTheyAreReplacedBy() => Assert.Equal(
        [("example.com/a", "v1.2.3"), ("example.com/new", "v1.4.0"), ("example.com/all", "v0.1.0"), ("example.com/c", "v3.1.0+incompatible")],
        GoModFile.Requirements(
            """
            module example.com/main
            require example.com/a v1.2.3 // indirect
            require (
                example.com/old v1.0.0
                "example.com/any" v9.0.0
                example.com/here v1.0.0
                example.com/c v3.1.0+incompatible
                example.com/c v3.1.0+incompatible
            )
            replace example.com/old v1.0.0 => example.com/new v1.4.0
            replace example.com/old => example.com/other v1.0.0
            replace (
                example.com/any => example.com/all v0.1.0
                example.com/here => ../here
                example.com/c v3.0.0+incompatible => ../c
            )
            """u8));
}
