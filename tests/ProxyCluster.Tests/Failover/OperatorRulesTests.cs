using ProxyCluster.Failover;
using ProxyCluster.Routing;

namespace ProxyCluster.Tests.Failover;

public sealed class OperatorRulesTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void Drain_Region_IsDrainedAndStaysSoWhateverItsHealth()
    {
        var bench = new RulesBench();

        Assert.Equal(OperatorResult.Done, Apply(bench, OperatorVerb.Drain, "tokyo"));
        bench.Run(5 * Minute);

        Assert.Equal(RegionState.Drained, bench["tokyo"]);
        Assert.Equal((IntentKind.Drain, "a test", "alice"), (bench.Entry("tokyo").Intent!.Kind, bench.Entry("tokyo").Intent!.Reason, bench.Entry("tokyo").Intent!.Who));
        Assert.Contains(bench.Table.Events, static change => change is { Kind: RoutingEventKind.State, To: RegionState.Drained, Who: "alice", Reason: "a test" });
    }

    [Fact]
    public void Drain_WorkInFlight_IsDoneOnlyWhenThereIsNone()
    {
        var bench = new RulesBench();
        bench.Shape("tokyo-2", static report => report with { InFlight = 3 });
        bench.Run(TimeSpan.FromSeconds(2));
        Apply(bench, OperatorVerb.Drain, "tokyo");

        bench.Run(Minute);
        Assert.False(bench.Entry("tokyo").Intent!.IsDone);

        bench.Shape("tokyo-2", static report => report with { PendingCopies = 1 });
        bench.Run(TimeSpan.FromSeconds(5));
        Assert.False(bench.Entry("tokyo").Intent!.IsDone);

        bench.Shape("tokyo-2", static report => report);
        bench.Until(() => bench.Entry("tokyo").Intent!.IsDone, TimeSpan.FromSeconds(3));
        Assert.Single(bench.Table.Events, static change => change.Kind == RoutingEventKind.Drained);
    }

    [Fact]
    public void Drain_ReportsFromBeforeIt_DoNotCount()
    {
        var bench = new RulesBench();
        Apply(bench, OperatorVerb.Drain, "tokyo");

        bench.Look();

        Assert.False(bench.Entry("tokyo").Intent!.IsDone);
    }

    [Theory]
    [InlineData(OperatorVerb.Drain, OperatorVerb.Undrain, RegionState.Drained)]
    [InlineData(OperatorVerb.Fail, OperatorVerb.Recover, RegionState.Failed)]
    internal void Order_GivenTwice_IsObeyedOnce(OperatorVerb outVerb, OperatorVerb back, RegionState state)
    {
        var bench = new RulesBench();

        Assert.Equal(OperatorResult.Done, Apply(bench, outVerb, "tokyo"));
        var epoch = bench.Table.Epoch;
        Assert.Equal(OperatorResult.Unchanged, Apply(bench, outVerb, "tokyo"));
        Assert.Equal((state, epoch), (bench["tokyo"], bench.Table.Epoch));

        Assert.Equal(OperatorResult.Done, Apply(bench, back, "tokyo"));
        Assert.Equal(OperatorResult.Unchanged, Apply(bench, back, "tokyo"));
        Assert.Equal((RegionState.Recovering, 10, epoch + 1), (bench["tokyo"], bench.Entry("tokyo").Share, bench.Table.Epoch));
        Assert.Null(bench.Entry("tokyo").Intent);
        bench.Until(() => bench["tokyo"] == RegionState.Active, Minute);
    }

    [Fact]
    public void Fail_WellRegion_StaysFailedUntilToldToRecover()
    {
        var bench = new RulesBench();
        Apply(bench, OperatorVerb.Fail, "tokyo");

        bench.Run(10 * Minute);

        Assert.Equal(RegionState.Failed, bench["tokyo"]);
    }

    [Fact]
    public void Recover_FailedByHealth_CutsTheHoldShort()
    {
        var bench = new RulesBench();
        bench.Silence("tokyo-1", "tokyo-2");
        bench.Until(() => bench["tokyo"] == RegionState.Failed, Minute);
        bench.Unsilence("tokyo-1", "tokyo-2");
        bench.Run(TimeSpan.FromSeconds(1.5));

        Apply(bench, OperatorVerb.Recover, "tokyo");
        bench.Run(TimeSpan.FromSeconds(1));

        Assert.Equal(RegionState.Recovering, bench["tokyo"]);
    }

    [Theory]
    [InlineData(OperatorVerb.Drain)]
    [InlineData(OperatorVerb.Fail)]
    internal void LastRegion_TakenOut_OnlyByForce(OperatorVerb verb)
    {
        var bench = new RulesBench(regions: 2);
        Apply(bench, OperatorVerb.Drain, "sanjose");

        Assert.Equal(OperatorResult.Refused, Apply(bench, verb, "frankfurt"));
        Assert.Equal(RegionState.Active, bench["frankfurt"]);

        Assert.Equal(OperatorResult.Done, Apply(bench, verb, "frankfurt", force: true));
        Assert.False(bench.Entry("frankfurt").IsUsable);
    }

    [Fact]
    public void Drain_OthersInServiceButDead_IsRefused()
    {
        var bench = new RulesBench(regions: 2);
        bench.Gone("sanjose-1", "sanjose-2");

        Assert.Equal(OperatorResult.Refused, Apply(bench, OperatorVerb.Drain, "frankfurt"));
    }

    [Theory]
    [InlineData(OperatorVerb.Drain, OperatorVerb.Recover)]
    [InlineData(OperatorVerb.Fail, OperatorVerb.Undrain)]
    internal void BringBack_ByTheOtherVerb_IsRefused(OperatorVerb outVerb, OperatorVerb wrong)
    {
        var bench = new RulesBench();
        Apply(bench, outVerb, "tokyo");

        Assert.Equal(OperatorResult.Refused, Apply(bench, wrong, "tokyo"));
    }

    [Theory]
    [InlineData(OperatorVerb.Drain)]
    [InlineData(OperatorVerb.Undrain)]
    [InlineData(OperatorVerb.Fail)]
    [InlineData(OperatorVerb.Recover)]
    internal void Order_ForARegionThatIsNot_IsUnknown(OperatorVerb verb) =>
        Assert.Equal(OperatorResult.UnknownRegion, Apply(new RulesBench(), verb, "atlantis"));

    [Fact]
    public void Forget_RegionThatIsGone_IsOffTheTableAndAppearsAnewIfItComesBack()
    {
        var bench = new RulesBench();
        bench.Gone("tokyo-1", "tokyo-2");
        bench.Until(() => bench["tokyo"] == RegionState.Failed, Minute);

        Assert.Equal(OperatorResult.Done, Apply(bench, OperatorVerb.Forget, "tokyo"));
        Assert.Equal(OperatorResult.Unchanged, Apply(bench, OperatorVerb.Forget, "tokyo"));
        bench.Run(Minute);

        Assert.Null(bench.Table.FindOrNull("tokyo"));
        Assert.DoesNotContain("tokyo", bench.Table.FailoverOrder.Keys);
        Assert.All(bench.Table.FailoverOrder.Values, static order => Assert.DoesNotContain("tokyo", order));
        Assert.Equal(RoutingEventKind.Forgotten, bench.Table.Events.Last(static change => change.Region == "tokyo").Kind);

        bench.Join("tokyo", "tokyo-3");
        bench.Until(() => bench.Table.FindOrNull("tokyo")?.State == RegionState.Active, Minute);
    }

    [Fact]
    public void Forget_RegionThatIsStillThere_IsRefused()
    {
        var bench = new RulesBench();
        Apply(bench, OperatorVerb.Drain, "tokyo");
        Assert.Equal(OperatorResult.Refused, Apply(bench, OperatorVerb.Forget, "tokyo"));

        // Its last members have just gone, and nobody has concluded anything from that yet.
        bench.Gone("sanjose-1", "sanjose-2");
        Assert.Equal(OperatorResult.Refused, Apply(bench, OperatorVerb.Forget, "sanjose"));
    }

    [Fact]
    public void Intent_SurvivesTheAuthority()
    {
        var bench = new RulesBench();
        Apply(bench, OperatorVerb.Drain, "tokyo");

        bench.Memory = FailoverMemory.None;
        bench.Authority = "sanjose-2";
        bench.Run(5 * Minute);

        Assert.Equal(RegionState.Drained, bench["tokyo"]);
    }

    private static OperatorResult Apply(RulesBench bench, OperatorVerb verb, string region, bool force = false)
    {
        var (result, message, table) = OperatorRules.Apply(new OperatorCommand(verb, region, "a test", "alice", force), bench.Input, bench.Options);
        Assert.NotEmpty(message);
        Assert.Equal(result == OperatorResult.Done, !ReferenceEquals(table, bench.Table));
        bench.Table = table;
        return result;
    }
}
