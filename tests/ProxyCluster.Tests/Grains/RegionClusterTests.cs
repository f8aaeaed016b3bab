using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using ProxyCluster.Clustering;
using ProxyCluster.Failover;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Grains;
using ProxyCluster.Routing;
using ProxyCluster.Silos;
using ProxyCluster.Storage;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Tests.Clustering;
using ProxyCluster.Walk;

namespace ProxyCluster.Tests.Grains;

/// <summary>Three regions with two silos each, in Orleans' own test host.</summary>
public sealed class RegionClusterTests
{
    private static readonly string[] ThreeTimesTwo = ["tokyo", "tokyo", "frankfurt", "frankfurt", "sanjose", "sanjose"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ModuleVersion_ThousandCallsWhileCold_OneUpstreamFetch()
    {
        await using var cluster = await RegionCluster.StartAsync(ThreeTimesTwo);
        var sample = cluster.Modules[0];
        var zip = RegionCluster.PathOf(sample, ".zip");
        cluster.Upstream.Faults.Always(zip, Fault.Delay(TimeSpan.FromSeconds(2)));
        var calls = cluster.Members.Select(static member => member.Get<GrainCalls>()).ToList();

        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(n =>
            calls[n % calls.Count].HaveAsync(sample.Module, ArtifactKind.Zip, static () => { }, Cancel)));

        Assert.All(answers, answer => Assert.Null(answer.Failure));
        Assert.Single(answers.Select(static answer => answer.Value.Member).Distinct());
        Assert.All(answers, answer => Assert.Equal(sample.ZipH1, answer.Value.Record.ZipH1));
        Assert.Equal(1, cluster.Upstream.Requests(zip));
    }

    [Fact]
    public async Task ModuleVersion_AskedEverywhere_OneUpstreamFetchAndEverySiloHasIt()
    {
        await using var cluster = await RegionCluster.StartAsync(ThreeTimesTwo);
        var sample = cluster.Modules[0];

        foreach (var member in cluster.Members)
        {
            var had = await member.Get<ArtifactOwner>().HaveAsync(Ask.ForArtifact(sample.Module, ArtifactKind.Zip, AskLevel.Client, Door.Client, "test"), Cancel);
            Assert.Null(had.Failure);
            Assert.NotNull(member.Get<DiskStore>().FindRecordOrNull(sample.Module)?.Zip);
        }

        Assert.Equal(1, cluster.Upstream.Requests(RegionCluster.PathOf(sample, ".zip")));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task ModuleVersion_Placed_InTheRegionOfWhoeverAsksFirst(int asker)
    {
        await using var cluster = await RegionCluster.StartAsync(ThreeTimesTwo);
        var ids = cluster.Members.ToDictionary(static member => member.Engine.Self!.Id);

        // The region is known to others a moment after the member is.
        await Conditions.UntilAsync(() => cluster.Members.All(member => cluster.Members.All(other => Knows(member, other))), "regions are known");
        foreach (var sample in cluster.Modules)
        {
            var had = await cluster.Members[asker].Get<GrainCalls>().HaveAsync(sample.Module, ArtifactKind.Mod, static () => { }, Cancel);
            var owner = ids[had.Value.Member];
            Assert.Equal(cluster.Members[asker].Region, owner.Region);
            Assert.Equal(RegionalOwner.For(sample.Module.ToString(), owner.Region, owner.Engine.View)[0].Id, had.Value.Member);
        }
    }

    [Fact]
    public async Task ModuleVersion_PlacedAnewInAnotherRegion_CopiedFromItsHolderInsteadOfFetchedAgain()
    {
        await using var cluster = await RegionCluster.StartAsync(ThreeTimesTwo);
        await Conditions.UntilAsync(() => cluster.Members.All(member => cluster.Members.All(other => Knows(member, other))), "regions are known");
        var sample = cluster.Modules[0];
        var regions = cluster.Members.ToDictionary(static member => member.Engine.Self!.Id, static member => member.Region);

        var before = await cluster.Members[0].Get<GrainCalls>().HaveAsync(sample.Module, ArtifactKind.Zip, static () => { }, Cancel);
        await cluster.ForgetAsync(cluster.Members.Single(member => member.Engine.Self!.Id == before.Value.Member), sample);
        var after = await cluster.Members[2].Get<GrainCalls>().HaveAsync(sample.Module, ArtifactKind.Zip, static () => { }, Cancel);

        Assert.Equal(("tokyo", "frankfurt"), (regions[before.Value.Member], regions[after.Value.Member]));
        Assert.Equal(1, cluster.Upstream.Requests(RegionCluster.PathOf(sample, ".zip")));
    }

    [Fact]
    public async Task ModuleVersion_RegionOfItsAskerDrained_PlacedInAnotherAndBackAfterwards()
    {
        await using var cluster = await RegionCluster.StartAsync(ThreeTimesTwo);
        await Conditions.UntilAsync(() => cluster.Members.All(member => cluster.Members.All(other => Knows(member, other))), "regions are known");
        await Task.WhenAll(cluster.Members.Select(static member => member.Engine.UntilAsync(static view => view.Routing.Regions.Length == 3)));
        var regions = cluster.Members.ToDictionary(static member => member.Engine.Self!.Id, static member => member.Region);
        var (asker, sample) = (cluster.Members[0], cluster.Modules[0]);
        await asker.Get<GrainCalls>().HaveAsync(sample.Module, ArtifactKind.Mod, static () => { }, Cancel);

        await OrderAsync(OperatorVerb.Drain, static region => !region.IsUsable);
        await UntilAsync(async () => await OwnerAsync() != "tokyo");
        await OrderAsync(OperatorVerb.Undrain, static region => region.IsUsable);
        Assert.NotEqual("tokyo", await OwnerAsync()); // a grain moves for what is lost, not for what is back
        var fresh = await asker.Get<GrainCalls>().HaveAsync(cluster.Modules[^1].Module, ArtifactKind.Mod, static () => { }, Cancel);
        Assert.Equal("tokyo", regions[fresh.Value.Member]);

        async Task<string> OwnerAsync() =>
            regions[(await asker.Get<GrainCalls>().HaveAsync(sample.Module, ArtifactKind.Mod, static () => { }, Cancel)).Value.Member];

        async Task OrderAsync(OperatorVerb verb, Func<RegionEntry, bool> wanted)
        {
            var answer = await asker.Get<IAuthorityCalls>().OrderAsync(new OperatorCommand(verb, "tokyo", "a test", "somebody"), Cancel);
            Assert.Equal(OperatorResult.Done, answer.Result);
            await Task.WhenAll(cluster.Members.Select(member => member.Engine.UntilAsync(view => wanted(view.Routing.FindOrNull("tokyo")!))));
        }
    }

    [Fact]
    public async Task ModuleVersion_Idle_GivesUpItsPlaceAndTheFailoverGrainDoesNot()
    {
        await using var cluster = await RegionCluster.StartAsync(["tokyo", "tokyo"]);
        var sample = cluster.Modules[0];
        var grains = cluster.Members[0].Silo!.ServiceProvider.GetRequiredService<IGrainFactory>();
        var management = grains.GetGrain<IManagementGrain>(0);
        var version = grains.GetGrain<IModuleVersionGrain>(sample.Module.ToString());
        var failover = grains.GetGrain<IFailoverGrain>(IFailoverGrain.Key);
        await cluster.Members[0].Get<GrainCalls>().HaveAsync(sample.Module, ArtifactKind.Mod, static () => { }, Cancel);
        Assert.Equal((1, 1), (await CountAsync(version), await CountAsync(failover)));

        // What Orleans does to those that were idle for their time, to all that are idle at all.
        await UntilAsync(async () =>
        {
            await management.ForceActivationCollection(TimeSpan.Zero);
            return await CountAsync(version) == 0;
        });
        Assert.Equal(1, await CountAsync(failover));

        async Task<int> CountAsync(IAddressable grain) => (await management.GetDetailedGrainStatistics())
            .Count(activation => activation.GrainId == grain.GetGrainId());
    }

    [Fact]
    public async Task ModuleVersion_ItsSiloKilledInMidFetch_CallersStillGetTheirAnswer()
    {
        await using var cluster = await RegionCluster.StartAsync(ThreeTimesTwo);
        var sample = cluster.Modules[0];
        var zip = RegionCluster.PathOf(sample, ".zip");
        cluster.Upstream.Faults.Next(zip, Fault.Silence);
        var asking = cluster.Members.ToDictionary(
            static member => member,
            member => member.Get<ArtifactOwner>().HaveAsync(Ask.ForArtifact(sample.Module, ArtifactKind.Zip, AskLevel.Client, Door.Client, "test"), Cancel));
        await cluster.Upstream.Requested(zip).WaitAsync(TimeSpan.FromSeconds(60), Cancel);

        var owner = cluster.Members.Single(static member => member.Get<OwnFetches>().Running > 0);
        await cluster.KillAsync(owner);

        foreach (var (member, answer) in asking.Where(pair => pair.Key != owner))
        {
            var had = await answer.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
            Assert.Null(had.Failure);
            Assert.NotNull(member.Get<DiskStore>().FindRecordOrNull(sample.Module)?.Zip);
        }
    }

    [Fact]
    public async Task Query_AskedEverywhereAtOnce_OneUpstreamRequest()
    {
        await using var cluster = await RegionCluster.StartAsync(ThreeTimesTwo);
        var path = cluster.Modules[0].Module.Path;
        var list = $"/{path.Escaped}/@v/list";
        cluster.Upstream.Faults.Always(list, Fault.Delay(TimeSpan.FromSeconds(1)));

        var answers = await Task.WhenAll(cluster.Members.Select(member =>
            member.Get<QueryWalk>().AskAsync(new Ask(ProxyPath.ToQuery(new Query(path, QueryKind.List)), new Asker(null), AskLevel.Client, Door.Client), Cancel).AsTask()));

        Assert.All(answers, answer => Assert.Null(answer.Failure));
        Assert.Single(answers.Select(static answer => Convert.ToHexString(answer.Value.Served.Body)).Distinct());
        Assert.Equal(1, cluster.Upstream.Requests(list));
    }

    [Fact]
    public async Task Region_OfTheAuthorityKilled_AnotherDecidesOneEpochLaterAndNoCallFails()
    {
        // Reports and stores are given so much time that only the membership's verdict can fail the region. It knows no
        // suspicion: the table says "active" until the last silo has gone, and "failed" in the next epoch.
        await using var cluster = await RegionCluster.StartAsync(
            ThreeTimesTwo,
            ("Failover:SuspectAfter", "5m"), ("Failover:FailedAfter", "6m"),
            ("Failover:StoreAction", "Ignore"), ("Failover:RoundTripInterval", "0s"));
        await Task.WhenAll(cluster.Members.Select(static member =>
            member.Engine.UntilAsync(static view => view.Routing.Regions.Length == 3 && view.Routing.Regions.All(static region => region.IsUsable))));
        var region = cluster.Members.Single(static member => member.Engine.IsAuthority).Region;
        var survivors = cluster.Members.Where(member => member.Region != region).ToList();
        var before = survivors[0].Engine.View.Routing;

        var killing = Task.WhenAll(cluster.Members.Where(member => member.Region == region).Select(cluster.KillAsync));
        foreach (var sample in cluster.Modules)
        {
            foreach (var member in survivors)
            {
                var had = await member.Get<ArtifactOwner>().HaveAsync(Ask.ForArtifact(sample.Module, ArtifactKind.Zip, AskLevel.Client, Door.Client, "test"), Cancel)
                    .WaitAsync(TimeSpan.FromSeconds(30), Cancel);
                Assert.Null(had.Failure);
            }
        }

        await killing;
        foreach (var member in survivors)
        {
            var after = (await member.Engine.UntilAsync(view => view.Routing.FindOrNull(region)?.State == RegionState.Failed)).Routing;
            Assert.Equal(before.Epoch + 1, after.Epoch);
            var change = Assert.Single(after.Events, change => change.Id > before.LastEventId);
            Assert.Equal((region, RegionState.Active, RegionState.Failed), (change.Region, change.From, change.To));
        }

        var next = await survivors.Select(static member => member.Engine).ToList().UntilAuthorityAsync();
        Assert.NotEqual(region, next.Self!.Region);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        late.CancelAfter(TimeSpan.FromSeconds(60));
        while (!await condition())
            await Task.Delay(20, late.Token);
    }

    private static bool Knows(RegionMember member, RegionMember other) =>
        member.Silo!.ServiceProvider.GetSiloMetadata(other.Silo!.SiloAddress).Contains(other.Region);
}
