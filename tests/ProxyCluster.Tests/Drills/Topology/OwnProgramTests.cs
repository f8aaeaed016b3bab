using ProxyCluster.Drills.Topology;

namespace ProxyCluster.Tests.Drills.Topology;

public class OwnProgramTests
{
    [Theory]
    [InlineData("/opt/proxycluster", "/opt/proxycluster")] // its own executable, or all of it in one file
    [InlineData("/opt/pc-0.1", "/opt/pc-0.1")] // the same, renamed
    [InlineData("/usr/bin/dotnet", "/usr/bin/dotnet /opt/proxycluster.dll")]
    [InlineData(null, "dotnet /opt/proxycluster.dll")]
    public void Product_StartedAs_IsStartedTheSameWayOnceMore(string? process, string expected) =>
        Assert.Equal(expected, Line(OwnProgram.Find(process, isProduct: true, "/opt")));

    [Theory]
    [InlineData("/opt/ProxyCluster.Tests", "dotnet /opt/proxycluster.dll")]
    [InlineData("/usr/bin/dotnet", "/usr/bin/dotnet /opt/proxycluster.dll")]
    public void Product_BesideATestThatRuns_IsStartedByItsAssembly(string process, string expected) =>
        Assert.Equal(expected, Line(OwnProgram.Find(process, isProduct: false, "/opt")));

    private static string Line(OwnProgram program) => string.Join(' ', [program.Program, .. program.FirstArguments]);
}
