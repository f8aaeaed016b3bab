using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Failover;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Clustering;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Failover;

/// <summary>When reports are handed in: the answers bring the routing table.</summary>
public sealed class HealthReporterTests
{
    // No other timer of a silo is ever due in one of these.
    private static readonly TimeSpan Quarter = TimeSpan.FromMilliseconds(301);
    private static readonly TimeSpan Interval = 4 * Quarter;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Members_ComeAndGo_ReportsFollowEachOtherQuicklyForAnInterval()
    {
        var (clock, cluster) = (new ManualTimeProvider(), new LocalCluster());
        await using var silo = await TestSilo.StartAsync(
            services => services.AddSingleton<TimeProvider>(clock)
                .AddSingleton<IEngine>(provider => ActivatorUtilities.CreateInstance<LocalEngine>(provider, cluster)),
            ("Failover:ReportInterval", "1204ms"));

        // It came itself.
        await HasQuickReportsAsync();
        await using (var other = new LocalEngine(cluster, clock, silo.Services.GetRequiredService<ILogger<LocalEngine>>()))
        {
            await other.JoinAsync(EngineSite.MemberOf("b", "paris"), Cancel);
            await HasQuickReportsAsync();
            await other.LeaveAsync(Cancel);
            await HasQuickReportsAsync();
        }

        async Task HasQuickReportsAsync()
        {
            // Before that it still waits as it did.
            var (engine, reporter) = (silo.Services.GetRequiredService<IEngine>(), silo.Services.GetRequiredService<HealthReporter>());
            await Waiting.UntilAsync(() => reporter.Members.AsSpan().SequenceEqual(engine.View.Members.AsSpan()), "the change was noticed");
            for (var turn = 0; turn < 4; turn++)
            {
                await clock.TimerDueIn(Quarter).WaitAsync(TimeSpan.FromMinutes(1), Cancel);
                clock.Advance(Quarter);
            }

            await clock.TimerDueIn(Interval).WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        }
    }
}
