using ProxyCluster.GoModules.Builds;

namespace ProxyCluster.GoModules.Tests.Builds;

public sealed class BuiltProgramTests
{
    private const string Listing =
        "/usr/bin/a tool: go1.27.3 X:nocoverageredesign\n" +
        "\tpath\texample.com/tool/cmd/a\n" +
        "\tmod\texample.com/tool\tv1.2.3\th1:main=\n" +
        "\tdep\texample.com/a\tv1.0.0\th1:a=\n" +
        "\tdep\texample.com/b\tv2.0.0+incompatible\n" +
        "\t=>\texample.com/fork\tv0.1.0\th1:fork=\n" +
        "\tdep\texample.com/c\tv1.0.0\n" +
        "\t=>\t../c\t(devel)\t\n" +
        "\tbuild\t-ldflags=\"-X main.version=dep\texample.com/x\tv1.0.0\"\n" +
        "\tbuild\tvcs.modified=true\n";

    [Fact]
    public void Read_OfAListing_HasWhatTheLinkerWrote()
    {
        var program = Assert.Single(BuiltProgram.Read(Listing));

        Assert.Equal(("/usr/bin/a tool", "go1.27.3", "example.com/tool/cmd/a"), (program.File, program.Release, program.Package));
        Assert.Equal(new BuildModule("example.com/tool", "v1.2.3") { H1 = "h1:main=" }, program.Main);
        Assert.Equal(
            [
                new BuildModule("example.com/a", "v1.0.0") { H1 = "h1:a=" },
                new BuildModule("example.com/fork", "v0.1.0") { H1 = "h1:fork=", Replaces = "example.com/b@v2.0.0+incompatible" },
                new BuildModule("example.com/c", "v1.0.0") { Directory = "../c" },
            ],
            program.Modules);
    }

    [Fact]
    public void Read_OfSeveral_KeepsThemApart()
    {
        var programs = BuiltProgram.Read(Listing + "b: go1.26\n\tpath\tcommand-line-arguments\n\tdep\texample.com/d\tv1.0.0\th1:d=\r\n");
        Assert.Equal(2, programs.Count);
        Assert.Null(programs[1].Main);
        Assert.Equal("h1:d=", Assert.Single(programs[1].Modules).H1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\tdep\texample.com/d\tv1.0.0\n")]
    [InlineData("b: go1.26\n")]
    [InlineData("b: could not read Go build info from b: unrecognized file format\n\t=>\tx\ty\n")]
    [InlineData("b: go1.26\n\t=>\n\tdep\n\tmod\tx\n")]
    public void Read_OfWhatIsNone_IsEmpty(string text) => Assert.Empty(BuiltProgram.Read(text));
}
