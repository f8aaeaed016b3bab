using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;
using ProxyCluster.Clustering;
using ProxyCluster.Silos;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Silos;

/// <summary>A silo that could not start leaves nothing behind that goes on: it would take a processor for as long as the process lives.</summary>
public sealed class FailedStartTests
{
    [Fact]
    public async Task Start_FailsLate_IsStoppedAndFollowedByAnother()
    {
        var late = new FailsOnce();
        using var log = new SiloLog();
        await using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Orleans:Endpoints:AdvertisedIPAddress"] = "127.0.0.1",
                ["Orleans:Endpoints:SiloPort"] = LoopbackPort.Free().ToString(CultureInfo.InvariantCulture),
            }).Build())
            .AddSingleton(TimeProvider.System)
            .AddMetrics()
            .AddSingleton<MemoryStore>()
            .AddLogging(logging => logging.AddProvider(log))
            .AddSingleton(Options.Create(new OrleansOptions()))
            .AddSingleton(Options.Create(new ClusteringOptions { Engine = "orleans", Name = "tests" }))
            .AddSingleton(provider => new Rooms(provider) { ConfigureSilo = silo => silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(late) })
            .AddSingleton<OrleansEngine>()
            .BuildServiceProvider();
        var engine = services.GetRequiredService<OrleansEngine>();

        await engine.JoinAsync(new Member("a", "tokyo", new Uri("http://127.0.0.1:1"), Role.All, "1"), TestContext.Current.CancellationToken);
        await Waiting.UntilAsync(() => !engine.Status.IsDegraded);

        Assert.Equal((2, 1), (late.Starts, late.Stops));

        // Why it could not start is said, and nothing of how the rest of it went down.
        Assert.Contains(log.Lines, static line => line.Contains("no such luck", StringComparison.Ordinal));
        Assert.DoesNotContain(log.Exceptions, static exception => exception.Contains("ObjectDisposedException", StringComparison.Ordinal));
    }

    // When most of the silo runs already, as where the other silos cannot be reached.
    private sealed class FailsOnce : ILifecycleParticipant<ISiloLifecycle>
    {
        public int Starts { get; private set; }

        public int Stops { get; private set; }

        public void Participate(ISiloLifecycle lifecycle)
        {
            lifecycle.Subscribe(nameof(FailsOnce), ServiceLifecycleStage.RuntimeServices, static _ => Task.CompletedTask, _ =>
            {
                Stops++;
                return Task.CompletedTask;
            });
            lifecycle.Subscribe(
                nameof(FailsOnce),
                ServiceLifecycleStage.ApplicationServices,
                _ => ++Starts == 1 ? throw new IOException("no such luck") : Task.CompletedTask);
        }
    }
}
