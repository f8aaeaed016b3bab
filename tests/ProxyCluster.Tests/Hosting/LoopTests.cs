using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Copies;
using ProxyCluster.Failover;
using ProxyCluster.Joining;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Clustering;
using ProxyCluster.Tests.Lines;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Hosting;

/// <summary>A collaborator with a bug ends a turn of the loop that asked it, never the loop and never the host.</summary>
public sealed class LoopTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Engine_Throws_ReportsMeasurementsAndDecisionsGoOnWhenItDoesNot()
    {
        FaultyEngine engine = null!;
        await using var silo = await TestSilo.StartAsync(
            services => services.AddSingleton<IEngine>(provider => engine = new FaultyEngine(
                ActivatorUtilities.CreateInstance<LocalEngine>(provider, new LocalCluster()))),
            ("Failover:ReportInterval", "50ms"), ("Failover:RoundTripInterval", "1s"));
        var authority = silo.Services.GetRequiredService<FailoverAuthority>();
        await Waiting.UntilAsync(() => Sequence() > 0, "a report was heard");

        engine.IsFaulty = true;
        await Waiting.UntilAsync(() => Failing(silo).SetEquals([nameof(FailoverAuthority), nameof(HealthReporter), nameof(RoundTrips)]), "three loops met the bug");
        engine.IsFaulty = false;
        var before = Sequence();

        await Waiting.UntilAsync(() => Sequence() > before + 1, "reports are heard again");
        await Waiting.UntilAsync(() => Failing(silo).Count == 0, "all loops are well again");
        Assert.False(silo.Lifetime.ApplicationStopping.IsCancellationRequested);
        foreach (var loop in (string[])[nameof(FailoverAuthority), nameof(HealthReporter), nameof(RoundTrips)])
        {
            Assert.Single(silo.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains(loop, StringComparison.Ordinal));
            Assert.Single(silo.Log.Lines, line => line.Contains(loop + " is well again", StringComparison.Ordinal));
        }

        long Sequence() => authority.Status().Regions.SelectMany(static region => region.Members).Sum(static member => member.Report?.Sequence ?? 0);
    }

    [Fact]
    public async Task OtherHolders_Throw_TheStoreIsKeptBelowItsCapWhenTheyDoNot()
    {
        var clock = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        var others = new Others();
        var module = SiloModule.Pack("example.com/secret", "v1.0.0", 1_500_000);
        await using var silo = await TestSilo.StartAsync(
            services => services.AddSingleton<TimeProvider>(clock).AddSingleton<IOtherHolders>(others),
            ("Storage:MaxBytes", "1MiB"), ("Verification:Private", "example.com"));
        silo.Add(module);
        Assert.Equal(200, (await silo.GetAsync(module.Stem + ".zip")).Status);

        await Waiting.UntilAsync(() => Later(clock) && Failing(silo).Contains(nameof(Eviction)), "a look met the bug");
        var ready = await silo.GetAsync("/readyz");
        Assert.Equal(200, ready.Status);
        Assert.Contains("loop Eviction: failing since ", ready.Text, StringComparison.Ordinal);
        Assert.Contains("proxycluster_loop_failing{loop=\"Eviction\"} 1\n", (await silo.GetAsync("/metrics")).Text, StringComparison.Ordinal);
        others.IsFaulty = false;
        await Waiting.UntilAsync(() => Later(clock) && silo.RecordOf(module)!.Zip!.Evicted is not null, "a later look removed it");
        await Waiting.UntilAsync(() => Failing(silo).Count == 0, "the loop is well again");
        Assert.DoesNotContain("loop ", (await silo.GetAsync("/readyz")).Text, StringComparison.Ordinal);
        Assert.Contains("proxycluster_loop_failing{loop=\"Eviction\"} 0\n", (await silo.GetAsync("/metrics")).Text, StringComparison.Ordinal);
        Assert.False(silo.Lifetime.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task Disk_ThrowsWhatNoDiskShould_TheNextScrubGoesOn()
    {
        var clock = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        await using var silo = await TestSilo.StartAsync(
            services => services.AddSingleton<TimeProvider>(clock), ("Cluster:Engine", "local"), ("Storage:ScrubInterval", "1d"));
        using var fault = new ThrowingMetric(silo.Services.GetRequiredService<ProxyMetrics>().Quarantined);
        var module = SiloModule.Pack("example.com/lib", "v1.0.0", 1000);
        silo.Add(module);
        Assert.Equal(200, (await silo.GetAsync(module.Stem + ".zip")).Status);
        File.WriteAllBytes(silo.Services.GetRequiredService<DataTree>().ArtifactPath(module.Module, GoModules.Names.ArtifactKind.Zip), new byte[10]);

        await Waiting.UntilAsync(() => Later(clock) && fault.Thrown > 0 && Failing(silo).Contains(nameof(Scrubber)), "the first round met the bug");
        fault.IsFaulty = false;
        await Waiting.UntilAsync(
            () => Later(clock) && silo.Log.Lines.Any(static line => line.Contains("Background check read", StringComparison.Ordinal)), "a later round ended");
        Assert.False(silo.Lifetime.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task Counter_Throws_CopiesForOtherRegionsStayOwedAndAreHandedOver()
    {
        await using var site = await PeerSite.StartAsync();
        var regions = site.RegionsInOwnerOrder("home", "next");
        var home = await site.AddAsync(regions[0], Role.All, ("Replication:MinRegions", "2"), ("Replication:RetryPause", "20ms"));
        var next = await site.AddAsync(regions[1], Role.All);
        await site.Engines.UntilMembersAsync([.. site.Engines.Select(static engine => engine.Self!.Id)]);
        using var fault = new ThrowingMetric(home.Services.GetRequiredService<ProxyMetrics>().Replications);

        using (var answer = await site.Client.GetAsync(home.Urls.First() + site.Zip, Cancel))
            Assert.True(answer.IsSuccessStatusCode);
        await Waiting.UntilAsync(() => fault.Thrown > 0, "a copy met the bug");
        fault.IsFaulty = false;

        await Waiting.UntilAsync(() => home.Services.GetRequiredService<CopyQueue<ToRegions>>().Waiting == 0, "nothing is owed");
        Assert.NotNull(next.Services.GetRequiredService<DiskStore>().FindRecordOrNull(site.Module.Module)?.Zip);
        Assert.False(home.Lifetime.ApplicationStopping.IsCancellationRequested);
    }

    // First it rests, then it waits for its next turn.
    private static bool Later(ManualTimeProvider clock)
    {
        clock.Advance(TimeSpan.FromHours(1));
        return true;
    }

    private static HashSet<string> Failing(TestSilo silo) =>
        [.. silo.Services.GetRequiredService<HostedLoops>().Failing.Select(static failing => failing.Loop)];

    private sealed class Others : IOtherHolders
    {
        public bool IsFaulty { get; set; } = true;

        public Task<bool> HoldAsync(
            GoModules.Names.ModuleVersion module, GoModules.Names.ArtifactKind kind, StoredArtifact stored, CancellationToken cancel) =>
            IsFaulty ? throw new InvalidOperationException("a bug of the others") : Task.FromResult(true);
    }
}
