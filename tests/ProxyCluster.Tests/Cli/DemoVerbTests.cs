using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ProxyCluster.Cli;

namespace ProxyCluster.Tests.Cli;

public sealed class DemoVerbTests
{
    [Fact]
    public async Task Demo_WithADuration_PrintsEveryRegionAndALineForGoAndEnds()
    {
        var call = await CommandLineCall.RunAsync("demo", "--duration", "1ms", "--port-base", "0");

        Assert.Equal((ExitStatus.Ok, ""), (call.Status, call.Error));
        Assert.All((string[])["tokyo", "frankfurt", "sanjose"], region =>
            Assert.Matches($@"\n  {region} +GOPROXY=http://127\.0\.0\.1:\d+\n", call.Out));
        Assert.Matches(
            @"\n  GOPROXY=http://127\.0\.0\.1:\d+ GOSUMDB=\S+\+[0-9a-f]{8}\+\S+ GONOSUMDB= .* go run sample\.proxycluster\.dev/hello@latest\n", call.Out);
    }

    [Fact]
    public async Task Demo_PortInUse_SaysSoInOneLineAndFails()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        var call = await CommandLineCall.RunAsync("demo", "--duration", "1ms", "--port-base", port.ToString(CultureInfo.InvariantCulture));

        Assert.Equal(ExitStatus.Failed, call.Status);
        Assert.StartsWith($"proxycluster: one of the ports {port} to {port + 2} is in use", call.Error, StringComparison.Ordinal);
        Assert.Equal("", call.Out);
    }

    [Theory]
    [InlineData("--duration", "30")]
    [InlineData("--duration", "0s")]
    [InlineData("--upstream-delay", "soon")]
    [InlineData("--port-base", "65534")]
    [InlineData("--port-base", "-1")]
    public async Task Demo_WrongValue_IsRefusedBeforeAnythingStarts(string flag, string value)
    {
        var call = await CommandLineCall.RunAsync("demo", $"{flag}={value}");

        Assert.Equal((ExitStatus.Usage, ""), (call.Status, call.Out));
        Assert.Contains(flag, call.Error, StringComparison.Ordinal);
    }
}
