using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.EndToEnd.Silos;

/// <summary>A process serves before its silo has joined, and may be told to stop before that too.</summary>
public sealed class StopTests
{
    [Fact]
    public async Task Stop_WhileTheSiloJoins_IsOrderly()
    {
        using var scratch = new ScratchDirectory();
        await using var upstream = UpstreamServer.Start();
        foreach (var pause in (int[])[0, 150, 400])
        {
            await using var proxy = ProxyProcess.StartWithoutWaiting(new ProxySettings(scratch["data"], upstream.Url, "off"));
            await proxy.ReadyAsync();
            await Task.Delay(pause, TestContext.Current.CancellationToken);

            Assert.Equal(0, await proxy.StopAsync());
            Assert.DoesNotContain("Unhandled", proxy.Log, StringComparison.Ordinal);
            Assert.DoesNotContain("was not in its cluster", proxy.Log, StringComparison.Ordinal);
        }
    }
}
