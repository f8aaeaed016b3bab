using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Telemetry;
using ProxyCluster.Tests.Lines;

namespace ProxyCluster.Tests.Silo;

/// <summary>What counts as served: bytes that went out, not bytes that were promised.</summary>
public class ServedBytesTests
{
    private const int Size = 16 << 20;

    [Theory]
    [InlineData("Silo", "zip")]
    [InlineData("FrontEnd", "forward")]
    public async Task Get_ByAClientThatLeavesEarly_CountsLessThanByOneThatStays(string role, string label)
    {
        // 1. A client, and a front end or a silo that it asks.
        var cluster = new LocalCluster();
        await using var silo = await TestSilo.StartAsync(services => services.AddSingleton(cluster), ("Cluster:Engine", "local"));
        await using var front = role == "Silo" ? null : await TestSilo.StartAsync(services => services.AddSingleton(cluster), ("Cluster:Engine", "local"), ("Cluster:Role", role));
        var asked = front ?? silo;
        var module = SiloModule.Pack("example.com/large", "v1.0.0", Size);
        silo.Add(module);
        await using var served = new MetricCount(asked.Services.GetRequiredService<ProxyMetrics>().ServedBytes);

        // 2. One that takes all.
        Assert.Equal(module.Zip, (await asked.GetAsync(module.Stem + ".zip")).Body);
        await asked.ActiveRequests(0);
        Assert.Equal(module.Zip.Length, served[label]);

        // 3. One that leaves with the headers.
        using (var leaving = await RawConnection.OpenAsync(asked.Address, receiveBuffer: 4096))
        {
            await leaving.SendAsync(RawConnection.Head("GET", module.Stem + ".zip"));
            Assert.Equal(200, (await leaving.ReadHeadAsync()).Status);
        }

        await asked.ActiveRequests(0);
        Assert.InRange(served[label], module.Zip.Length, (2L * module.Zip.Length) - 1);
        Assert.Equal(served[label], served.Total);
    }
}
