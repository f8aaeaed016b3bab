using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Demo;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Tests.Demo;

public sealed class FigureCounterTests
{
    [Fact]
    public void Read_AfterClientsPeersAndProbes_CountsClientsOnly()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var metrics = new ProxyMetrics(services.GetRequiredService<IMeterFactory>());
        using var counter = new FigureCounter(metrics);

        Request(metrics, "zip", "hit");
        Request(metrics, "query", "hit");
        Request(metrics, "mod", "miss");
        Request(metrics, "zip", "not-found");
        Request(metrics, "peer", "ok");
        Request(metrics, "system", "ok");
        metrics.PeerFills.Add(1, new("region", "tokyo"), new("outcome", "ok"));
        metrics.PeerFills.Add(1, new("region", "tokyo"), new("outcome", "peer-unavailable"));
        metrics.UpstreamFetches.Add(3, new("upstream", "x"), new("artifact", "zip"), new("outcome", "ok"));

        Assert.Equal(new MemberFigures(4, 2, 1, 1, 3), counter.Read());
        Assert.Equal(2.0 / 3, counter.Read().HitRatio);
    }

    [Fact]
    public void Read_WithAnotherHostInTheProcess_LeavesItsFiguresOut()
    {
        using var mine = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var others = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var counter = new FigureCounter(new ProxyMetrics(mine.GetRequiredService<IMeterFactory>()));

        Request(new ProxyMetrics(others.GetRequiredService<IMeterFactory>()), "zip", "hit");

        Assert.Equal(default, counter.Read());
    }

    private static void Request(ProxyMetrics metrics, string artifact, string outcome) =>
        metrics.RequestDuration.Record(0.1, new("artifact", artifact), new("outcome", outcome), new("status", 200));
}
