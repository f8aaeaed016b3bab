using System.Runtime.Versioning;
using ProxyCluster.Benchmarks.Trace;

namespace ProxyCluster.Tests.Benchmarks.Trace;

[SupportedOSPlatform("linux")]
public class TraceOptionsTests
{
    [Fact]
    public void Read_Everything_IsTaken()
    {
        var options = TraceOptions.ReadOrNull(
            "--regions 10 --silos 100 --versions 5 --hours 2 --rate 0.5 --zipf 1.2 --shared 0 --seed 9 --max-gib 1.5 --copies 2 --door silo --store etcd --lose tokyo@0.5-1".Split(' '), out _)!;

        Assert.Equal(new(10, 5, 2, 0.5, 1.2, 0, 9), options.Shape);
        Assert.Equal(new(100, 3L << 29, 2, HasFrontEnds: false, IsStoreForHints: false), options.Setup);
        Assert.Equal(new RegionLoss("tokyo", 1800, 3600), options.Loss);
    }

    [Fact]
    public void Read_Logs_AreOfTheirRegionsInOrder() => Assert.Equal(
        [("tokyo", "a.log"), ("frankfurt", "b=c.log")],
        TraceOptions.ReadOrNull(["--log", "tokyo=a.log", "--log", "frankfurt=b=c.log", "--format", "athens"], out _)!.Logs);

    [Theory]
    [InlineData("--regions 0")]
    [InlineData("--regions 65")]
    [InlineData("--silos 1001")]
    [InlineData("--shared 1.1")]
    [InlineData("--rate -1")]
    [InlineData("--rate")]
    [InlineData("--door window")]
    [InlineData("--lose tokyo@2-1")]
    [InlineData("--lose tokyo")]
    [InlineData("--log tokyo")]
    [InlineData("--colour red")]
    public void Read_OneCannotBeUsed_IsNamed(string arguments)
    {
        Assert.Null(TraceOptions.ReadOrNull(arguments.Split(' '), out var error));
        Assert.Equal(arguments, error);
    }
}
