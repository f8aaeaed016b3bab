using System.Collections.Immutable;
using ProxyCluster.Clustering;
using ProxyCluster.Failover;
using ProxyCluster.Routing;

namespace ProxyCluster.Tests.Failover;

public sealed class FailoverRulesTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void FirstLook_RegionsWithSilos_AreInTheTableAsActive()
    {
        var bench = new RulesBench();

        Assert.Equal(RulesBench.Names, bench.Table.Regions.Select(static region => region.Name));
        Assert.All(bench.Table.Regions, static region => Assert.Equal((RegionState.Active, 100), (region.State, region.Share)));
        Assert.All(bench.Table.Events, static change => Assert.Equal(RoutingEventKind.Appeared, change.Kind));
        Assert.Equal(1, bench.Table.Epoch);
    }

    [Fact]
    public void RegionOfFrontEndsOnly_IsNoRegionOfTheTable()
    {
        var bench = new RulesBench();
        bench.Join("paris", "paris-1", Role.FrontEnd);

        bench.Run(TimeSpan.FromSeconds(3));

        Assert.Null(bench.Table.FindOrNull("paris"));
    }

    [Fact]
    public void Silence_OfAllSilos_FailedWithinThreeSecondsOfTheDeath()
    {
        // At every phase of the reports' second.
        for (var phase = 0; phase < 10; phase++)
        {
            var bench = new RulesBench();
            bench.Run(RulesBench.Tick * phase);

            bench.Silence("tokyo-1", "tokyo-2");
            var took = bench.Until(() => bench["tokyo"] == RegionState.Failed, Minute);

            Assert.InRange(took, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2.7));
            Assert.Contains("sent no report", bench.Entry("tokyo").Reason, StringComparison.Ordinal);
            Assert.Equal(RegionState.Active, bench["sanjose"]);
        }
    }

    [Fact]
    public void Silence_OnTheWayToFailed_IsSuspectFirst()
    {
        var bench = new RulesBench();

        bench.Silence("tokyo-1", "tokyo-2");
        bench.Until(() => bench["tokyo"] == RegionState.Failed, Minute);

        Assert.Equal(
            [(RegionState.Active, RegionState.Suspect), (RegionState.Suspect, RegionState.Failed)],
            bench.Table.Events.Where(static change => change.Kind == RoutingEventKind.State).Select(static change => (change.From, change.To)));
    }

    [Theory]
    [InlineData(2, 1, RegionState.Active)]
    [InlineData(3, 1, RegionState.Active)]
    [InlineData(3, 2, RegionState.Failed)]
    [InlineData(4, 2, RegionState.Active)]
    [InlineData(4, 3, RegionState.Failed)]
    [InlineData(1, 1, RegionState.Failed)]
    public void Silence_OfSomeSilos_FailsTheRegionWhenItIsMostOfThem(int silos, int silent, RegionState expected)
    {
        var bench = new RulesBench(silos: silos);

        bench.Silence([.. Enumerable.Range(1, silent).Select(static n => $"tokyo-{n}")]);
        bench.Run(TimeSpan.FromSeconds(8));

        Assert.Equal(expected, bench["tokyo"]);
    }

    [Fact]
    public void Leases_OfAllSilosGone_FailedAtOnce()
    {
        var bench = new RulesBench();

        bench.Gone("tokyo-1", "tokyo-2");
        bench.Step();

        Assert.Equal((RegionState.Failed, "it has no live silo"), (bench["tokyo"], bench.Entry("tokyo").Reason));
    }

    [Fact]
    public void Silence_OfAllOtherRegionsAtOnce_WaitsForTheLeases()
    {
        var bench = new RulesBench();

        bench.Silence("tokyo-1", "tokyo-2", "sanjose-1", "sanjose-2");
        bench.Run(TimeSpan.FromSeconds(20));
        Assert.Equal((RegionState.Suspect, RegionState.Suspect), (bench["tokyo"], bench["sanjose"]));

        bench.Gone("tokyo-1", "tokyo-2", "sanjose-1", "sanjose-2");
        bench.Step();
        Assert.Equal((RegionState.Failed, RegionState.Failed), (bench["tokyo"], bench["sanjose"]));
    }

    [Fact]
    public void Silence_OfTheOnlyOtherRegion_FailsIt()
    {
        var bench = new RulesBench(regions: 2);

        bench.Silence("sanjose-1", "sanjose-2");

        bench.Until(() => bench["sanjose"] == RegionState.Failed, TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void Authority_StoodStill_ListensAfreshBeforeItJudges()
    {
        var bench = new RulesBench();
        bench.Silence([.. bench.Members.Select(static member => member.Id)]);

        // Nobody looked for a minute: what the sockets hold will arrive in a moment.
        for (var pause = 0; pause < 60; pause++)
            SkipSecond(bench);
        bench.Look();
        Assert.All(bench.Table.Regions, static region => Assert.Equal(RegionState.Active, region.State));

        bench.Unsilence([.. bench.Members.Select(static member => member.Id)]);
        bench.Run(TimeSpan.FromSeconds(5));
        Assert.All(bench.Table.Regions, static region => Assert.Equal(RegionState.Active, region.State));
    }

    [Fact]
    public void NewAuthority_HasHeardNobody_FailsOnlyWhoStaysSilent()
    {
        var bench = new RulesBench();
        bench.Silence("tokyo-1", "tokyo-2");
        bench.Run(TimeSpan.FromSeconds(1));

        bench.Memory = FailoverMemory.None;
        bench.Authority = "sanjose-1";
        var took = bench.Until(() => bench["tokyo"] == RegionState.Failed, Minute);

        Assert.InRange(took, bench.Options.FailedAfter, bench.Options.FailedAfter + (2 * RulesBench.Tick));
        Assert.Equal("sanjose-1", bench.Table.Authority);
        Assert.Equal(RegionState.Active, bench["frankfurt"]);
    }

    [Theory]
    [InlineData(1, RegionState.Active)]
    [InlineData(2, RegionState.Failed)]
    public void Store_FailingOnSilos_FailsTheRegionWhenItIsMostOfThem(int silos, RegionState expected)
    {
        var bench = new RulesBench();

        for (var silo = 1; silo <= silos; silo++)
            bench.Shape($"tokyo-{silo}", static report => RulesBench.WithStore(report, false));
        bench.Run(TimeSpan.FromSeconds(6));

        Assert.Equal(expected, bench["tokyo"]);
        if (expected == RegionState.Failed)
            Assert.Contains("the store failed on 2 of 2 silos (disk full)", bench.Entry("tokyo").Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Store_FailingForLessThanItsTime_IsSuspectAndWellAgain()
    {
        var bench = new RulesBench();

        bench.ShapeRegion("tokyo", static report => RulesBench.WithStore(report, false));
        bench.Run(TimeSpan.FromSeconds(2));
        Assert.Equal(RegionState.Suspect, bench["tokyo"]);

        bench.ShapeRegion("tokyo", static report => report);
        var took = bench.Until(() => bench["tokyo"] == RegionState.Active, Minute);
        Assert.True(took >= bench.Options.SuspectHold);
    }

    [Fact]
    public void Store_OneSilentAndOneFailing_IsMostOfTheRegion()
    {
        var bench = new RulesBench();

        bench.Silence("tokyo-1");
        bench.Shape("tokyo-2", static report => RulesBench.WithStore(report, false));
        bench.Run(TimeSpan.FromSeconds(6));

        Assert.Equal(RegionState.Failed, bench["tokyo"]);
    }

    [Theory]
    [InlineData(nameof(FailoverOptions.StoreAction), TriggerAction.Ignore)]
    [InlineData(nameof(FailoverOptions.StoreAction), TriggerAction.Alert)]
    [InlineData(nameof(FailoverOptions.ErrorAction), TriggerAction.Ignore)]
    [InlineData(nameof(FailoverOptions.ErrorAction), TriggerAction.Alert)]
    [InlineData(nameof(FailoverOptions.FetchAction), TriggerAction.Ignore)]
    [InlineData(nameof(FailoverOptions.FetchAction), TriggerAction.Alert)]
    public void Trigger_SetToLess_FailsNothing(string trigger, object action)
    {
        var bench = new RulesBench(configure: options => typeof(FailoverOptions).GetProperty(trigger)!.SetValue(options, action));
        foreach (var region in RulesBench.Names)
            bench.ShapeRegion(region, static report => RulesBench.WithFetches(report, 0));

        bench.ShapeRegion("tokyo", report => trigger switch
        {
            nameof(FailoverOptions.StoreAction) => RulesBench.WithStore(report, false),
            nameof(FailoverOptions.ErrorAction) => RulesBench.WithErrors(report, 100),
            _ => RulesBench.WithFetches(report, 50),
        });
        bench.Run(Minute);

        Assert.Equal(RegionState.Active, bench["tokyo"]);
        Assert.Equal((TriggerAction)action == TriggerAction.Alert, bench.Entry("tokyo").Alert is not null);
    }

    [Fact]
    public void Errors_OverTheThresholdForTheirTime_FailTheRegion()
    {
        var bench = new RulesBench();

        bench.ShapeRegion("tokyo", static report => RulesBench.WithErrors(report, 20));
        var took = bench.Until(() => bench["tokyo"] == RegionState.Failed, Minute);

        Assert.InRange(took, bench.Options.ErrorsFor, bench.Options.ErrorsFor + TimeSpan.FromSeconds(2));
        Assert.Contains("requests failed", bench.Entry("tokyo").Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(19, 100)] // under the rate
    [InlineData(9, 9)] // two silos, and still too few requests to say anything
    public void Errors_TooFewOrTooFewRequests_ChangeNothing(long errors, long requests)
    {
        var bench = new RulesBench();

        bench.ShapeRegion("tokyo", report => RulesBench.WithErrors(report, errors, requests));
        bench.Run(Minute);

        Assert.Equal(RegionState.Active, bench["tokyo"]);
    }

    [Theory]
    [InlineData(100, 0)]
    [InlineData(100, 10)]
    [InlineData(1000, 100)]
    [InlineData(60, 0)]
    public void Errors_OfOneClient_FailNoRegion(long errors, long good)
    {
        var bench = new RulesBench();
        bench.ShapeRegion("tokyo", report => Of(RulesBench.WithErrors(report, errors, errors + good), ("10.0.0.1", errors)));
        bench.Run(Minute);
        Assert.Equal(RegionState.Active, bench["tokyo"]);
    }

    [Fact]
    public void Errors_OfTwoClients_FailTheRegion()
    {
        var bench = new RulesBench();
        bench.ShapeRegion("tokyo", static report => Of(RulesBench.WithErrors(report, 100), ("10.0.0.1", 50), ("10.0.0.2", 50)));
        bench.Until(() => bench["tokyo"] == RegionState.Failed, Minute);
    }

    private static HealthReport Of(HealthReport report, params (string Client, long Errors)[] loudest) => report with
    {
        Traffic = report.Traffic with { Loudest = loudest.ToImmutableSortedDictionary(static one => one.Client, static one => one.Errors) },
    };

    [Fact]
    public void Errors_OfAFrontEnd_CountForItsRegion()
    {
        var bench = new RulesBench();
        bench.Join("tokyo", "tokyo-f", Role.FrontEnd);

        bench.Shape("tokyo-f", static report => RulesBench.WithErrors(report, 90));

        bench.Until(() => bench["tokyo"] == RegionState.Failed, Minute);
    }

    [Fact]
    public void Errors_InEveryRegion_AreAnAlertAndMoveNothing()
    {
        var bench = new RulesBench();

        foreach (var region in RulesBench.Names)
            bench.ShapeRegion(region, static report => RulesBench.WithErrors(report, 100));
        bench.Run(Minute);

        Assert.All(bench.Table.Regions, static region => Assert.True(region.IsUsable));
        Assert.All(bench.Table.Regions, static region => Assert.Contains("no other region does better", region.Alert, StringComparison.Ordinal));
    }

    [Fact]
    public void Fetches_FailingHereAndWorkingElsewhere_FailTheRegion()
    {
        var bench = new RulesBench();
        bench.ShapeRegion("sanjose", static report => RulesBench.WithFetches(report, 0));

        bench.ShapeRegion("tokyo", static report => RulesBench.WithFetches(report, 40));
        var took = bench.Until(() => bench["tokyo"] == RegionState.Failed, Minute);

        Assert.InRange(took, bench.Options.FetchFailuresFor, bench.Options.FetchFailuresFor + TimeSpan.FromSeconds(2));
    }

    [Theory]
    [InlineData(50, true, RegionState.Failed)]
    [InlineData(50, false, RegionState.Active)] // our own refusals, while upstream is there for most
    [InlineData(1, true, RegionState.Active)] // hardly anybody asks
    internal void Requests_KeptBackByBreakers_FailTheRegionOnlyWhereMostSilosReachNoUpstream(long keptBack, bool isCutOff, RegionState expected)
    {
        var bench = new RulesBench();
        bench.ShapeRegion("sanjose", static report => RulesBench.WithFetches(report, 0));
        bench.ShapeRegion("tokyo", report => report with
        {
            Upstreams = [new UpstreamHealth("https://upstream.example", isCutOff ? "open" : "closed", !isCutOff)],
            Traffic = report.Traffic with { KeptBack = keptBack },
        });
        if (!isCutOff)
            bench.Shape(bench.Members.First(static member => member.Region == "tokyo").Id, report => report with
            {
                Upstreams = [new UpstreamHealth("https://upstream.example", "open", false)],
                Traffic = report.Traffic with { KeptBack = keptBack },
            });

        bench.Run(Minute);

        Assert.Equal(expected, bench["tokyo"]);
    }

    [Fact]
    public void Fetches_FailingWhereOthersFetchNothing_ProveNothing()
    {
        var bench = new RulesBench();

        bench.ShapeRegion("tokyo", static report => RulesBench.WithFetches(report, 50));
        bench.Run(TimeSpan.FromMinutes(2));

        Assert.True(bench.Entry("tokyo").IsUsable);
        Assert.NotNull(bench.Entry("tokyo").Alert);
    }

    [Theory]
    [InlineData(TriggerAction.Alert, 0.3, 20, RegionState.Active, true)]
    [InlineData(TriggerAction.Fail, 0.3, 20, RegionState.Failed, false)]
    [InlineData(TriggerAction.Ignore, 0.3, 20, RegionState.Active, false)]
    [InlineData(TriggerAction.Alert, 0.3, 0, RegionState.Active, false)] // a cold cache
    [InlineData(TriggerAction.Alert, 0.9, 20, RegionState.Active, false)] // failures, and hits nevertheless
    internal void HitRatio_LowForItsTime_CountsOnlyWithRisingFailures(
        TriggerAction action, double hits, long failures, RegionState state, bool isAlert)
    {
        var bench = new RulesBench(configure: options => options.HitRatioAction = action);
        bench.ShapeRegion("sanjose", static report => RulesBench.WithHits(report, 0.9));
        bench.ShapeRegion("tokyo", report => RulesBench.WithHits(report, hits, failures, window: 299));
        bench.Run(TimeSpan.FromSeconds(10));
        Assert.Equal((RegionState.Active, null), (bench["tokyo"], bench.Entry("tokyo").Alert));

        bench.ShapeRegion("tokyo", report => RulesBench.WithHits(report, hits, failures));
        bench.Run(TimeSpan.FromSeconds(10));

        Assert.Equal((state, isAlert), (bench["tokyo"], bench.Entry("tokyo").Alert is not null));
    }

    [Theory]
    [InlineData(0.69, 1000, true)]
    [InlineData(0.71, 1000, false)]
    [InlineData(0.3, 100, false)] // two silos, and still hardly anybody asks
    public void HitRatio_ByItself_CountsWhereNoRiseIsWanted(double hits, long requests, bool isAlert)
    {
        var bench = new RulesBench(configure: static options => options.FetchFailureRise = 0);

        bench.ShapeRegion("tokyo", report => RulesBench.WithHits(report, hits, requests: requests));
        bench.Run(TimeSpan.FromSeconds(10));

        Assert.Equal(isAlert, bench.Entry("tokyo").Alert is not null);
    }

    [Fact]
    public void HitRatio_FailuresNoRiseAnyMore_StandsUntilTheRatioIsBackAndIsSaidOnce()
    {
        var bench = new RulesBench();
        bench.ShapeRegion("tokyo", static report => RulesBench.WithHits(report, 0.3, 20));
        bench.Until(() => bench.Entry("tokyo").Alert is not null, Minute);

        bench.ShapeRegion("tokyo", static report => RulesBench.WithHits(report, 0.3, 20, failuresBefore: 20));
        bench.Run(TimeSpan.FromMinutes(5));
        Assert.NotNull(bench.Entry("tokyo").Alert);

        bench.ShapeRegion("tokyo", static report => RulesBench.WithHits(report, 0.8, 20, failuresBefore: 20));
        bench.Until(() => bench.Entry("tokyo").Alert is null, TimeSpan.FromMinutes(2));
        Assert.Equal([RoutingEventKind.Alert, RoutingEventKind.AlertOver], KindsOf(bench, "tokyo"));
    }

    [Fact]
    public void HitRatio_LowInEveryRegion_IsToldAndMovesNothing()
    {
        var bench = new RulesBench(configure: static options => options.HitRatioAction = TriggerAction.Fail);

        foreach (var region in RulesBench.Names)
            bench.ShapeRegion(region, static report => RulesBench.WithHits(report, 0.3, 20));
        bench.Run(Minute);

        Assert.All(bench.Table.Regions, static region => Assert.True(region.IsUsable && region.Alert is not null));
        Assert.DoesNotContain(bench.Table.Events, static change => change.To == RegionState.Failed);
    }

    [Theory]
    [InlineData(TriggerAction.Alert, RegionState.Active, true)]
    [InlineData(TriggerAction.Fail, RegionState.Failed, false)]
    [InlineData(TriggerAction.Ignore, RegionState.Active, false)]
    internal void Queries_FailForTheirTime_DoWhatIsSaid(TriggerAction action, RegionState state, bool isAlert)
    {
        var bench = new RulesBench(configure: options => options.QueryAction = action);
        bench.ShapeRegion("sanjose", static report => RulesBench.WithQueries(report, 0));

        bench.ShapeRegion("tokyo", static report => RulesBench.WithQueries(report, 40) with { Troubled = Modules(("example.com/a", 2), ("example.com/b", 7)) });
        bench.Run(bench.Options.QueryFailuresFor - TimeSpan.FromSeconds(2));
        Assert.True(bench.Entry("tokyo").IsUsable && bench.Entry("tokyo").Alert is null);
        bench.Run(TimeSpan.FromSeconds(4));

        Assert.Equal((state, isAlert), (bench["tokyo"], bench.Entry("tokyo").Alert is not null));
        if (action == TriggerAction.Ignore)
            return;

        // Who is told hears whom it hits; both silos say it, so it is one list.
        var told = bench.Table.Events.Last(change => change.Region == "tokyo" && change.Kind == (isAlert ? RoutingEventKind.Alert : RoutingEventKind.State));
        Assert.Equal(["example.com/b", "example.com/a"], told.Modules!.Value);
    }

    [Theory]
    [InlineData(24, 50)] // under the rate
    [InlineData(4, 4)] // two silos, and still too few
    public void Queries_TooFewFailuresOrTooFew_ChangeNothing(long failures, long queries)
    {
        var bench = new RulesBench();

        bench.ShapeRegion("tokyo", report => RulesBench.WithQueries(report, failures, queries));
        bench.Run(TimeSpan.FromMinutes(2));

        Assert.Null(bench.Entry("tokyo").Alert);
    }

    [Fact]
    public void Queries_FailForOneClient_FailNoRegion()
    {
        var bench = new RulesBench(configure: static options => options.QueryAction = TriggerAction.Fail);
        bench.ShapeRegion("sanjose", static report => RulesBench.WithQueries(report, 0));

        bench.ShapeRegion("tokyo", static report => RulesBench.WithQueries(report, 40) is var failing
            ? failing with { Traffic = failing.Traffic with { LoudestOfQueries = Modules(("10.0.0.1", 40)) } }
            : report);
        bench.Run(TimeSpan.FromMinutes(2));

        Assert.Equal(RegionState.Active, bench["tokyo"]);
    }

    [Fact]
    public void Queries_FailInEveryRegion_AreToldAndMoveNothing()
    {
        var bench = new RulesBench(configure: static options => options.QueryAction = TriggerAction.Fail);

        foreach (var region in RulesBench.Names)
            bench.ShapeRegion(region, static report => RulesBench.WithQueries(report, 50));
        bench.Run(TimeSpan.FromMinutes(2));

        Assert.All(bench.Table.Regions, static region => Assert.True(region.IsUsable && region.Alert is not null));
    }

    [Fact]
    public void Region_Gone_ItsEventNamesTheModulesOfItsLastReports()
    {
        var bench = new RulesBench();
        bench.ShapeRegion("tokyo", static report => report with { Troubled = Modules(("example.com/a", 2)) });
        bench.Run(TimeSpan.FromSeconds(2));

        bench.Gone("tokyo-1", "tokyo-2");
        bench.Until(() => bench["tokyo"] == RegionState.Failed, Minute);

        Assert.Equal(["example.com/a"], bench.Table.Events.Last(static change => change.To == RegionState.Failed).Modules!.Value);
    }

    private static ImmutableSortedDictionary<string, long> Modules(params (string Module, long Count)[] modules) =>
        modules.ToImmutableSortedDictionary(static one => one.Module, static one => one.Count, StringComparer.Ordinal);

    private static IEnumerable<RoutingEventKind> KindsOf(RulesBench bench, string region) => bench.Table.Events
        .Where(change => change.Region == region && change.Kind is RoutingEventKind.Alert or RoutingEventKind.AlertOver)
        .Select(static change => change.Kind);

    [Fact]
    public void Alert_CauseGone_IsOverAfterItsTimeAndSaidOnce()
    {
        var bench = new RulesBench(configure: static options => options.ErrorAction = TriggerAction.Alert);
        bench.ShapeRegion("tokyo", static report => RulesBench.WithErrors(report, 100));
        bench.Until(() => bench.Entry("tokyo").Alert is not null, Minute);

        bench.ShapeRegion("tokyo", static report => report);
        var took = bench.Until(() => bench.Entry("tokyo").Alert is null, 2 * Minute);

        Assert.True(took >= bench.Options.AlertHold);
        Assert.Equal(
            [RoutingEventKind.Alert, RoutingEventKind.AlertOver],
            bench.Table.Events.Where(static change => change.Kind != RoutingEventKind.Appeared).Select(static change => change.Kind));
    }

    [Fact]
    public void LastRegion_FailingInEveryWay_StaysInService()
    {
        var bench = new RulesBench(regions: 1);

        bench.Silence("frankfurt-1", "frankfurt-2");
        bench.Run(Minute);
        bench.Gone("frankfurt-1", "frankfurt-2");
        bench.Run(Minute);

        Assert.True(bench.Entry("frankfurt").IsUsable);
        Assert.Contains("last region", bench.Entry("frankfurt").Alert, StringComparison.Ordinal);
    }

    [Fact]
    public void AllRegions_DyingOneAfterTheOther_LastOneStaysInService()
    {
        var bench = new RulesBench();

        foreach (var region in new[] { "tokyo", "sanjose", "frankfurt" })
        {
            bench.Gone($"{region}-1", $"{region}-2");
            bench.Run(TimeSpan.FromSeconds(10));
        }

        Assert.Equal(["frankfurt"], bench.Table.Regions.Where(static region => region.IsUsable).Select(static region => region.Name));
    }

    [Fact]
    public void TwoRegionsFailingAtOnce_TheWorseGoesAndTheBetterStays()
    {
        var bench = new RulesBench(regions: 2);
        bench.ShapeRegion("frankfurt", static report => RulesBench.WithStore(report, false));
        bench.Run(TimeSpan.FromSeconds(2.5));

        bench.Gone("sanjose-1", "sanjose-2");
        bench.Run(TimeSpan.FromSeconds(10));

        Assert.Equal((RegionState.Suspect, RegionState.Failed), (bench["frankfurt"], bench["sanjose"]));
    }

    [Fact]
    public void LastRegionIll_AndAFailedOneWell_HoldIsWaived()
    {
        var bench = new RulesBench(regions: 2, configure: static options => options.FailedHold = TimeSpan.FromMinutes(4));
        bench.Silence("sanjose-1", "sanjose-2");
        bench.Until(() => bench["sanjose"] == RegionState.Failed, Minute);
        bench.Unsilence("sanjose-1", "sanjose-2");
        bench.Run(TimeSpan.FromSeconds(3));
        Assert.Equal(RegionState.Failed, bench["sanjose"]);

        bench.Gone("frankfurt-1", "frankfurt-2");
        bench.Run(TimeSpan.FromSeconds(1));

        Assert.Equal((RegionState.Recovering, RegionState.Failed), (bench["sanjose"], bench["frankfurt"]));
    }

    [Fact]
    public void Recovery_AfterTheHold_GoesStepByStep()
    {
        var bench = new RulesBench();
        bench.Silence("tokyo-1", "tokyo-2");
        bench.Until(() => bench["tokyo"] == RegionState.Failed, Minute);

        bench.Unsilence("tokyo-1", "tokyo-2");
        var failed = bench.Until(() => bench["tokyo"] == RegionState.Recovering, Minute);
        Assert.True(failed >= bench.Options.FailedHold - TimeSpan.FromSeconds(1));
        Assert.Equal(10, bench.Entry("tokyo").Share);
        Assert.True(bench.Until(() => bench.Entry("tokyo").Share == 30, Minute) >= bench.Options.RecoveryStep);
        Assert.True(bench.Until(() => bench["tokyo"] == RegionState.Active, Minute) >= bench.Options.RecoveryStep);
        Assert.Equal(100, bench.Entry("tokyo").Share);
    }

    [Fact]
    public void Recovery_WithoutSteps_IsActiveAfterOne()
    {
        var bench = new RulesBench(configure: static options => options.RecoveryShares = []);
        bench.Silence("tokyo-1", "tokyo-2");
        bench.Until(() => bench["tokyo"] == RegionState.Failed, Minute);

        bench.Unsilence("tokyo-1", "tokyo-2");

        bench.Until(() => bench["tokyo"] == RegionState.Active, Minute);
        Assert.Equal(100, bench.Entry("tokyo").Share);
    }

    [Fact]
    public void Failures_InARow_DoubleTheHoldAndStableServiceEndsTheRow()
    {
        var bench = new RulesBench();
        TimeSpan[] holds = [Fail(), Fail(), Fail()];
        Assert.True(holds[1] >= holds[0] + (0.9 * bench.Options.FailedHold), $"{holds[0]} {holds[1]}");
        Assert.True(holds[2] >= holds[1] + (1.9 * bench.Options.FailedHold), $"{holds[1]} {holds[2]}");

        bench.Until(() => bench["tokyo"] == RegionState.Active, Minute);
        bench.Run(bench.Options.StableAfter);
        Assert.True(Fail() < holds[1]);

        TimeSpan Fail()
        {
            bench.Silence("tokyo-1", "tokyo-2");
            bench.Until(() => bench["tokyo"] == RegionState.Failed, Minute);
            bench.Unsilence("tokyo-1", "tokyo-2");
            return bench.Until(() => bench["tokyo"] == RegionState.Recovering, bench.Options.MaxFailedHold + Minute);
        }
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(2, 20)]
    [InlineData(5, 160)]
    [InlineData(6, 300)]
    [InlineData(30, 300)]
    public void Hold_DoublesUpToItsBound(int failures, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), FailoverRules.Hold(failures, new FailoverOptions()));

    [Fact]
    public void WallClock_StepsByHours_ChangesNothing()
    {
        var steady = new RulesBench();
        var stepped = new RulesBench();

        foreach (var bench in new[] { steady, stepped })
        {
            var hours = bench == stepped ? 1 : 0;
            bench.Silence("tokyo-1", "tokyo-2");
            bench.Run(TimeSpan.FromSeconds(1));
            bench.Wall += TimeSpan.FromHours(hours);
            bench.Until(() => bench["tokyo"] == RegionState.Failed, Minute);
            bench.Unsilence("tokyo-1", "tokyo-2");
            bench.Wall -= TimeSpan.FromHours(2 * hours);
            bench.Until(() => bench["tokyo"] == RegionState.Active, Minute);
        }

        Assert.Equal(steady.Now, stepped.Now);
        Assert.Equal(
            steady.Table.Events.Select(static change => (change.Id, change.Epoch, change.Kind, change.Region, change.To, change.Share, change.Reason)),
            stepped.Table.Events.Select(static change => (change.Id, change.Epoch, change.Kind, change.Region, change.To, change.Share, change.Reason)));
    }

    [Fact]
    public void SameInput_Twice_ChangesNothingTheSecondTime()
    {
        var bench = new RulesBench();
        bench.Silence("tokyo-1", "tokyo-2");
        for (var step = 0; step < 600; step++)
        {
            if (step == 100)
                bench.Unsilence("tokyo-1", "tokyo-2");
            bench.Step();
            var (table, memory) = (bench.Table, bench.Memory);
            bench.Look();
            Assert.Same(table, bench.Table);
            Assert.Equal(memory.Regions.OrderBy(static pair => pair.Key), bench.Memory.Regions.OrderBy(static pair => pair.Key));
        }
    }

    [Fact]
    public void Events_ManyChanges_KeepTheLastOnesWithoutAGap()
    {
        var bench = new RulesBench(configure: static options => options.MaxEvents = 8);
        for (var change = 0; change < 20; change++)
        {
            bench.Order(OperatorVerb.Drain, "tokyo");
            bench.Order(OperatorVerb.Undrain, "tokyo");
        }

        Assert.Equal(8, bench.Table.Events.Length);
        Assert.Equal(Enumerable.Range(0, 8).Select(n => bench.Table.LastEventId - 7 + n), bench.Table.Events.Select(static change => change.Id));
    }

    [Fact]
    public void Order_Configured_StandsInTheTable()
    {
        var bench = new RulesBench(configure: static options => options.Order["tokyo"] = "sanjose, frankfurt");

        Assert.Equal(["sanjose", "frankfurt"], bench.Table.FailoverOrder["tokyo"]);
        Assert.False(bench.Table.FailoverOrder.ContainsKey("sanjose"));
    }

    [Fact]
    public void Order_Measured_NearestFirstAndOnlyChangedForAClearGain()
    {
        var bench = new RulesBench();
        bench.ShapeRegion("tokyo", static report => WithTrips(report, 230, 100));
        bench.Run(TimeSpan.FromSeconds(2));
        Assert.Equal(["sanjose", "frankfurt"], bench.Table.FailoverOrder["tokyo"]);

        // A little nearer is no reason.
        bench.ShapeRegion("tokyo", static report => WithTrips(report, 95, 100));
        bench.Run(2 * Minute);
        Assert.Equal(["sanjose", "frankfurt"], bench.Table.FailoverOrder["tokyo"]);

        bench.ShapeRegion("tokyo", static report => WithTrips(report, 40, 100));
        bench.Run(TimeSpan.FromSeconds(2));
        Assert.Equal(["frankfurt", "sanjose"], bench.Table.FailoverOrder["tokyo"]);

        // Clear gains in turn change it once a minute at most.
        var epoch = bench.Table.Epoch;
        for (var second = 0; second < 60; second++)
        {
            var isOdd = second % 2 == 1;
            bench.ShapeRegion("tokyo", report => WithTrips(report, isOdd ? 40 : 400, 100));
            bench.Run(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(bench.Table.Epoch - epoch, 0, 1);

        static HealthReport WithTrips(HealthReport report, double frankfurt, double sanjose) => report with
        {
            RoundTrips = report.RoundTrips.SetItem("frankfurt", frankfurt).SetItem("sanjose", sanjose),
        };
    }

    private static void SkipSecond(RulesBench bench)
    {
        var (table, memory) = (bench.Table, bench.Memory);
        for (var tick = 0; tick < 10; tick++)
            bench.Step();
        (bench.Table, bench.Memory) = (table, memory);
    }
}
