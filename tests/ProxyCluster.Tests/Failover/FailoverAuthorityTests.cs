using FsCheck;
using FsCheck.Fluent;
using ProxyCluster.Clustering;
using ProxyCluster.Failover;
using ProxyCluster.Routing;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Clustering;
using ProxyCluster.Tests.Silos;

namespace ProxyCluster.Tests.Failover;

public sealed class FailoverAuthorityTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Look_ByTheAuthority_PublishesAndByAnotherDoesNot()
    {
        await using var site = new AuthoritySite();
        await site.JoinAsync("a", "tokyo");
        await site.JoinAsync("b", "frankfurt");

        await site.Authorities["b"].LookAsync(Cancel);
        Assert.Equal(0, site.Engines["a"].View.Routing.Epoch);

        await site.Authorities["a"].LookAsync(Cancel);
        Assert.Equal((1, "a"), (site.Engines["b"].View.Routing.Epoch, site.Engines["b"].View.Routing.Authority));
        await site.Authorities["a"].LookAsync(Cancel);
        Assert.Equal(1, site.Engines["b"].View.Routing.Epoch);
    }

    [Fact]
    public async Task Reports_OfARegionStop_ItIsFailedThoughItsLeaseLives()
    {
        await using var site = new AuthoritySite();
        await site.JoinAsync("a", "tokyo");
        await site.JoinAsync("b", "frankfurt");
        await RunAsync(site, TimeSpan.FromSeconds(3), "a", "b");
        Assert.Equal(RegionState.Active, StateOf(site, "frankfurt"));

        await RunAsync(site, TimeSpan.FromSeconds(3), "a");

        Assert.Equal(RegionState.Failed, StateOf(site, "frankfurt"));
        Assert.NotNull(site.Engines["a"].View.FindOrNull("b"));
    }

    [Fact]
    public async Task Report_OlderThanTheOneKnown_IsDropped()
    {
        await using var site = new AuthoritySite();
        var authority = await site.JoinAsync("a", "tokyo");

        authority.Accept(AuthoritySite.ReportOf("a", "tokyo", 7) with { InFlight = 7 });
        authority.Accept(AuthoritySite.ReportOf("a", "tokyo", 6) with { InFlight = 6 });

        Assert.Equal(7, Assert.Single(authority.Status().Regions).InFlight);
    }

    [Fact]
    public async Task Authority_FrozenReplacedAndThawed_CannotPublish()
    {
        await using var site = new AuthoritySite();
        var old = await site.JoinAsync("a", "tokyo");
        await site.JoinAsync("b", "frankfurt");
        await old.LookAsync(Cancel);

        // Frozen, it still believes to be the authority and that frankfurt has fallen silent.
        site.Cluster.Freeze("a");
        Assert.True(site.Engines["a"].IsAuthority);
        await site.Authorities["b"].LookAsync(Cancel);
        var standing = site.Engines["b"].View.Routing;
        Assert.Equal("b", standing.Authority);

        for (var tick = 0; tick < 40; tick++)
        {
            site.Clock.Advance(TimeSpan.FromSeconds(0.1));
            old.Accept(AuthoritySite.ReportOf("a", "tokyo", site.Clock.GetTimestamp()));
            await old.LookAsync(Cancel);
        }

        var answer = await old.OrderAsync(new OperatorCommand(OperatorVerb.Drain, "frankfurt", "a test", "alice", Force: true), Cancel);
        Assert.Equal(OperatorResult.Unavailable, answer.Result);
        Assert.Same(standing, site.Engines["b"].View.Routing);

        site.Cluster.Thaw("a");
        await old.LookAsync(Cancel);
        Assert.False(site.Engines["a"].IsAuthority);
        Assert.Same(standing, site.Engines["a"].View.Routing);
    }

    [Fact]
    [Trait("Needs", "redis")]
    public async Task Authority_FrozenReplacedAndThawedOnOrleans_CannotPublish()
    {
        await using var site = await OrleansSite.OpenAsync();
        IEngine[] engines = [await site.JoinAsync("a", "tokyo"), await site.JoinAsync("b", "frankfurt")];
        await engines.UntilMembersAsync("a", "b");
        var first = await engines.UntilAuthorityAsync();
        var second = engines.Single(engine => engine != first);
        await using var authorities = new AuthoritySite();
        var old = authorities.On(first);
        var next = authorities.On(second);
        await old.LookAsync(Cancel);
        await engines.UntilEpochAsync(1);

        site.Freeze(first);
        await Waiting.UntilAsync(() => second.IsAuthority && second.View.Members.Length == 1, "the other one took office");
        await next.LookAsync(Cancel);
        await new[] { second }.UntilEpochAsync(2);

        // Its engine's clock stands still, so it is sure of its office and tries.
        Assert.True(first.IsAuthority);
        var stale = old.OrderAsync(new OperatorCommand(OperatorVerb.Drain, second.Self!.Region, "a test", "alice", Force: true), Cancel);
        site.Thaw(first);
        Assert.Equal(OperatorResult.Unavailable, (await stale).Result);
        await engines.UntilMembersAsync("a", "b");
        await engines.UntilEpochAsync(2);
        Assert.All(engines, engine => Assert.Equal((2, second.Self!.Id), (engine.View.Routing.Epoch, engine.View.Routing.Authority)));
    }

    [Fact]
    public async Task Authority_DiesWithItsRegion_TheSuccessorFailsThatAtItsFirstLookAndNobodyElse()
    {
        await using var site = new AuthoritySite();
        await site.JoinAsync("a", "tokyo");
        var next = await site.JoinAsync("b", "frankfurt");
        await site.JoinAsync("c", "sanjose");
        await RunAsync(site, TimeSpan.FromSeconds(3), "a", "b", "c");

        site.Cluster.Kill("a");
        await next.LookAsync(Cancel);

        var table = site.Engines["c"].View.Routing;
        Assert.Equal(RegionState.Failed, table.FindOrNull("tokyo")!.State);
        Assert.Equal((RegionState.Active, RegionState.Active), (table.FindOrNull("frankfurt")!.State, table.FindOrNull("sanjose")!.State));
    }

    [Fact]
    public async Task Order_EngineLost_IsUnavailableAndChangesNothing()
    {
        await using var site = new AuthoritySite();
        var authority = await site.JoinAsync("a", "tokyo");
        await site.JoinAsync("b", "frankfurt");
        await authority.LookAsync(Cancel);

        site.Cluster.Lose("a test");
        var refused = await authority.OrderAsync(new OperatorCommand(OperatorVerb.Drain, "tokyo", "a test", "alice"), Cancel);
        Assert.Equal((OperatorResult.Unavailable, 1), (refused.Result, refused.Epoch));

        site.Cluster.Restore();
        var done = await authority.OrderAsync(new OperatorCommand(OperatorVerb.Drain, "tokyo", "a test", "alice"), Cancel);
        Assert.Equal((OperatorResult.Done, 2, RegionState.Drained), (done.Result, done.Epoch, done.State));
    }

    [Fact]
    public async Task Successor_InheritsIntentsAndEvents()
    {
        await using var site = new AuthoritySite();
        var authority = await site.JoinAsync("a", "tokyo");
        await site.JoinAsync("b", "frankfurt");
        await site.JoinAsync("c", "sanjose");
        await authority.LookAsync(Cancel);
        await authority.OrderAsync(new OperatorCommand(OperatorVerb.Drain, "tokyo", "a test", "alice"), Cancel);

        site.Cluster.Kill("a");
        await site.Authorities["b"].LookAsync(Cancel);
        await site.Authorities["b"].OrderAsync(new OperatorCommand(OperatorVerb.Fail, "sanjose", "a test", "bob"), Cancel);

        var table = site.Engines["c"].View.Routing;
        Assert.Equal("alice", table.FindOrNull("tokyo")!.Intent!.Who);
        Assert.Equal(["alice", "bob"], table.Events.Where(static change => change.Kind == RoutingEventKind.State).Select(static change => change.Who));
        Assert.Equal(Enumerable.Range(1, table.Events.Length).Select(static n => (long)n), table.Events.Select(static change => change.Id));
    }

    [Fact]
    public void TwoAuthorities_AnyInterleaving_OneTablePerEpoch() => Prop.ForAll(
        Gen.Elements("look a", "look b", "look c", "freeze a", "freeze b", "thaw a", "thaw b", "order a", "order b", "second", "lose", "restore").ListOf().ToArbitrary(),
        static turns =>
        {
            PlayAsync(turns).GetAwaiter().GetResult();
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    private static async Task PlayAsync(IEnumerable<string> turns)
    {
        await using var site = new AuthoritySite();
        foreach (var (id, region) in new[] { ("a", "tokyo"), ("b", "frankfurt"), ("c", "sanjose") })
            await site.JoinAsync(id, region);
        var tables = new Dictionary<long, RoutingTable>();
        var last = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var turn in turns)
        {
            var words = turn.Split(' ');
            switch (words[0])
            {
                case "look":
                    await site.Authorities[words[1]].LookAsync(CancellationToken.None);
                    break;
                case "order":
                    var verb = site.Engines[words[1]].View.Routing.FindOrNull("sanjose")?.State == RegionState.Drained ? OperatorVerb.Undrain : OperatorVerb.Drain;
                    await site.Authorities[words[1]].OrderAsync(new OperatorCommand(verb, "sanjose", "a test", words[1]), CancellationToken.None);
                    break;
                case "freeze":
                    site.Cluster.Freeze(words[1]);
                    break;
                case "thaw":
                    site.Cluster.Thaw(words[1]);
                    break;
                case "lose":
                    site.Cluster.Lose("a test");
                    break;
                case "restore":
                    site.Cluster.Restore();
                    break;
                default:
                    site.Clock.Advance(TimeSpan.FromSeconds(1));
                    break;
            }

            foreach (var (id, engine) in site.Engines)
            {
                var table = engine.View.Routing;
                Assert.Same(tables.TryAdd(table.Epoch, table) ? table : tables[table.Epoch], table);
                Assert.True(table.Epoch >= last.GetValueOrDefault(id), "epochs only grow");
                last[id] = table.Epoch;
            }
        }
    }

    // Reports of these, and a look of every member, in tenths of a second.
    private static async Task RunAsync(AuthoritySite site, TimeSpan time, params string[] reporting)
    {
        for (var tick = 0; tick < time.TotalSeconds * 10; tick++)
        {
            site.Clock.Advance(TimeSpan.FromSeconds(0.1));
            foreach (var id in reporting)
            {
                var region = site.Engines[id].Self!.Region;
                foreach (var authority in site.Authorities.Values)
                    authority.Accept(AuthoritySite.ReportOf(id, region, site.Clock.GetTimestamp()));
            }

            foreach (var authority in site.Authorities.Values)
                await authority.LookAsync(Cancel);
        }
    }

    private static RegionState StateOf(AuthoritySite site, string region) => site.Engines["a"].View.Routing.FindOrNull(region)!.State;
}
