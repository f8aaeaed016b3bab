using System.Runtime.Versioning;
using ProxyCluster.Benchmarks.Trace;
using ProxyCluster.Benchmarks.Trace.Reports;
using ProxyCluster.Benchmarks.Trace.Sources;
using ProxyCluster.Failover;
using ProxyCluster.Silos;

namespace ProxyCluster.Tests.Benchmarks.Trace;

[SupportedOSPlatform("linux")]
public class TraceRunTests
{
    private static readonly TraceSetup Setup = new(Silos: 2, MaxBytes: null, MinRegions: 1, HasFrontEnds: true, IsStoreForHints: true);

    private static readonly SyntheticShape Shape = new(Regions: 3, Versions: 20_000, Hours: 8, Rate: 5, Zipf: 1, Shared: 0.8, Seed: 3);

    private static readonly string[] Two = ["tokyo", "frankfurt"];

    private static readonly uint Idle = (uint)new OrleansOptions().IdleAfter.TotalSeconds;

    [Fact]
    public void Play_SameSeedTwice_GivesTheSameBytes()
    {
        var loss = new RegionLoss("tokyo", 3600, 7200);
        var (one, two) = (Play(Shape, Setup, loss), Play(Shape, Setup, loss));

        Assert.Equal(one.ToJson(), two.ToJson());
        Assert.Equal(TracePage.Render(one), TracePage.Render(two));
        Assert.Equal(TraceTable.Render(one), TraceTable.Render(two));
        Assert.NotEqual(one.ToJson(), Play(Shape with { Seed = 4 }, Setup, loss).ToJson());
    }

    [Theory]
    [InlineData(true, null)]
    [InlineData(false, null)]
    [InlineData(true, 1L << 28)]
    public void Play_Synthetic_EveryRequestComesFromSomewhere(bool hasFrontEnds, long? maxBytes)
    {
        var result = Play(Shape, Setup with { HasFrontEnds = hasFrontEnds, MaxBytes = maxBytes });

        Assert.Equal(new SyntheticTrace(Shape).Requests().LongCount(), result.All.Requests);
        Assert.All(result.Regions, static region => Assert.Equal(region.All, ByOrigin.Sum([region.Info, region.Mod, region.Zip])));
        Assert.All(result.Regions, static region => Assert.Equal(region.All, ByOrigin.Sum(region.Hours)));
        Assert.Equal(result.Regions.Sum(static region => region.UpstreamAsked), result.All.Upstream);
        Assert.Equal(result.Regions.Sum(static region => region.StoredBytes), result.Silos.Sum(static silo => silo.Bytes));
        Assert.Equal(maxBytes is not null, result.Regions.All(static region => region.Evicted > 0));
        Assert.True(result.All is { Local: > 0, Peer: > 0, Upstream: > 0, Nowhere: 0 });
    }

    [Fact]
    public void Play_NothingIsLostOrEvicted_UpstreamIsAskedOnceForEachArtifact()
    {
        var asked = new SyntheticTrace(Shape).Requests().Select(static request => (request.Version, request.Kind)).Distinct().LongCount();

        Assert.All([true, false], hasFrontEnds =>
        {
            var result = Play(Shape, Setup with { HasFrontEnds = hasFrontEnds });
            Assert.Equal((asked, 0), (result.All.Upstream, result.AskedAgain));
        });
    }

    [Fact]
    public void Play_SecondRegionAsksWhileTheGrainLives_TakesItFromTheFirst()
    {
        var result = Play(Setup with { IsStoreForHints = false }, ScriptedSource.Zip(0, 0), ScriptedSource.Zip(1, 0), ScriptedSource.Zip(Idle - 1, 1), ScriptedSource.Zip(Idle, 1));

        // tokyo: fetched, then a hit. frankfurt: across the ocean, then a hit.
        Assert.Equal([new ByOrigin(1, 0, 1, 0), new ByOrigin(1, 1, 0, 0)], result.Regions.Select(static region => region.All));
        Assert.Equal((new Calls(1, 0, 1), new Calls(2, 0, 0), 1), (result.OwnerCalls, result.CopyCalls, result.Activations));
        Assert.Equal([[0, ScriptedSource.Size], [0, 0]], result.BytesBetween);
        Assert.Equal([ScriptedSource.Size, ScriptedSource.Size], result.Regions.Select(static region => region.StoredBytes));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Play_SecondRegionAsksWhenTheGrainHasGone_FindsItByTheStoresNotesOrByAsking(bool isStoreForHints)
    {
        var result = Play(Setup with { IsStoreForHints = isStoreForHints }, ScriptedSource.Zip(0, 0), ScriptedSource.Zip(Idle, 1));

        Assert.Equal((1, 0, 2), (result.All.Peer, result.AskedAgain, result.Activations));
        Assert.Equal(new Calls(2, 0, 0), result.OwnerCalls);
    }

    [Fact]
    public void Play_TwoRegionsAreToHoldIt_TheSecondHasItBeforeItAsks()
    {
        var result = Play(Setup with { MinRegions = 2 }, ScriptedSource.Zip(0, 0), ScriptedSource.Zip(1, 1));

        Assert.Equal([new ByOrigin(0, 0, 1, 0), new ByOrigin(1, 0, 0, 0)], result.Regions.Select(static region => region.All));
    }

    [Fact]
    public void Play_NoFrontEnds_EachSiloAskedTakesACopyFromTheRegions()
    {
        var cluster = new TraceCluster(new ScriptedSource(Two, 1, 1), 2);
        var winner = (uint)cluster.WinnerIn(0, 0);
        TraceRequest[] requests = [ScriptedSource.Zip(0, 0) with { Client = 1 - winner }, ScriptedSource.Zip(1, 0) with { Client = winner }, ScriptedSource.Zip(2, 0) with { Client = 1 - winner }];
        var result = Play(Setup with { HasFrontEnds = false }, requests);

        Assert.Equal(new ByOrigin(2, 0, 1, 0), result.All);
        Assert.Equal((new Calls(1, 0, 0), new Calls(0, 1, 0)), (result.OwnerCalls, result.CopyCalls));
        Assert.Equal([1, 1, 0, 0], result.Silos.Select(static silo => silo.Artifacts));
    }

    [Fact]
    public void Play_StoreAboveItsCap_TheLongestUnusedGoesDownToTheLowWaterMark()
    {
        // 256 artifacts of 4 KiB fill 1 MiB; the first of them is used again.
        var requests = Enumerable.Range(0, 257).Select(static version => ScriptedSource.Zip((uint)version, 0, version))
            .Append(ScriptedSource.Zip(257, 0)).Append(ScriptedSource.Zip(600, 0)).Append(ScriptedSource.Zip(601, 0, 1)).ToArray();
        var result = TraceRun.Play(new ScriptedSource(["tokyo"], 257, 1, requests), Setup with { Silos = 1, MaxBytes = 1 << 20 }, null, "");

        // 257 blocks come down to nine tenths of 256; one comes back.
        Assert.Equal((27, 231), (result.Silos[0].Evicted, result.Silos[0].Artifacts));
        Assert.Equal((258, 1), (result.All.Upstream, result.AskedAgain));
    }

    [Fact]
    public void Play_RegionIsLost_TheOtherAnswersItsClientsUntilItIsBack()
    {
        var loss = new RegionLoss("tokyo", 100, 200);
        TraceRequest[] requests = [ScriptedSource.Zip(50, 0), ScriptedSource.Zip(150, 0), ScriptedSource.Zip(151, 0), ScriptedSource.Zip(1000, 0)];
        var result = TraceRun.Play(new ScriptedSource(Two, 1, 1, requests), Setup with { IsStoreForHints = false }, loss, "");

        // Fetched; fetched again by frankfurt, for the only one that has it is gone; from there; from its own disk.
        Assert.Equal(new ByOrigin(1, 1, 2, 0), result.All);
        Assert.Equal((2, 1), (result.AnsweredAway, result.AskedAgain));
        Assert.Contains("0.00:01:40 tokyo failed at 100 %: it has no live silo", result.Events);
        Assert.Contains(result.Events, static words => words.Contains("tokyo recovering at 10 %", StringComparison.Ordinal));
    }

    [Fact]
    public void Play_RegionComesBack_TakesItsKeysInTheStepsOfFailover()
    {
        var options = new FailoverOptions();
        var result = TraceRun.Play(new ScriptedSource(Two, 1, 2, ScriptedSource.Zip(0, 0), ScriptedSource.Zip(7000, 0)), Setup, new RegionLoss("tokyo", 100, 200), "");

        Assert.Equal(
            [.. options.RecoveryShares.Select(static share => $"recovering at {share} %"), "active at 100 %"],
            result.Events.Select(static words => words[(words.IndexOf("tokyo", StringComparison.Ordinal) + 6)..words.LastIndexOf(':')]).SkipWhile(static words => !words.StartsWith("recovering", StringComparison.Ordinal)).Take(options.RecoveryShares.Count + 1));
    }

    private static TraceResult Play(SyntheticShape shape, TraceSetup setup, RegionLoss? loss = null) => TraceRun.Play(new SyntheticTrace(shape), setup, loss, "");

    private static TraceResult Play(TraceSetup setup, params TraceRequest[] requests) => TraceRun.Play(new ScriptedSource(Two, 1, 1, requests), setup, null, "");
}
