using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering.Local;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Silo;

/// <summary>A front end between clients and a silo.</summary>
public class FrontEndTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_ByAClientThatPausesForLongerThanASiloMay_IsServedInFull()
    {
        // 1. A silo, and a front end whose clock stands still.
        var cluster = new LocalCluster();
        var clock = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        await using var silo = await TestSilo.StartAsync(services => services.AddSingleton(cluster), ("Cluster:Engine", "local"));
        await using var front = await TestSilo.StartAsync(
            services => services.AddSingleton(cluster).AddSingleton<TimeProvider>(clock),
            ("Cluster:Engine", "local"), ("Cluster:Role", "FrontEnd"), ("Http:StallTimeout", "17m"), ("Peers:IdleTimeout", "5s"), ("Peers:TotalTimeout", "1m"));
        var module = SiloModule.Pack("example.com/large", "v1.0.0", 16 << 20);
        silo.Add(module);

        // 2. A client that takes nothing until the front end has waited for it for longer than for a dead silo.
        using var client = await RawConnection.OpenAsync(front.Address, receiveBuffer: 4096);
        await client.SendAsync(RawConnection.Head("GET", module.Stem + ".zip"));
        Assert.Equal(200, (await client.ReadHeadAsync().WaitAsync(Patience, Cancellation)).Status);
        var stall = TimeSpan.FromMinutes(17);
        while (!clock.TimerArmed(left => left > TimeSpan.FromMinutes(12) && left <= stall - TimeSpan.FromMinutes(2)).IsCompleted)
        {
            // In small steps: as long as buffers on the way fill up, the silo must be heard in time.
            await clock.TimerArmed(left => left > TimeSpan.FromMinutes(12) && left <= stall).WaitAsync(Patience, Cancellation);
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        // 3. It gets all of it, and the silo is not blamed.
        Assert.Equal(module.Zip, await client.ReadBytesAsync(module.Zip.Length).WaitAsync(Patience, Cancellation));
        Assert.Equal(200, (await front.GetAsync(module.Stem + ".mod")).Status);
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz?verbose")]
    [InlineData("/metrics?name=x")]
    [InlineData("/%6Detrics")]
    [InlineData("/%72eadyz")]
    [InlineData("/health%7A?x")]
    public async Task Get_OfASystemPath_IsAnsweredByTheFrontEndItself(string target)
    {
        await using var front = await TestSilo.StartAsync(("Cluster:Role", "FrontEnd"));
        Assert.Equal(200, (await front.GetAsync(target)).Status);
    }
}
