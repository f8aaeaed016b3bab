using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using ProxyCluster.Clustering;
using ProxyCluster.Demo;
using ProxyCluster.Failover;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Grains;
using ProxyCluster.Routing;
using ProxyCluster.Silos;
using ProxyCluster.Storage;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;
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

        Assert.All(answers, answer => Assert.Null(answer.Outcome.Failure));
        Assert.Single(answers.Select(static answer => answer.Member).Distinct());
        Assert.All(answers, answer => Assert.Equal(sample.ZipH1, answer.Outcome.Value.ZipH1));
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
        await Waiting.UntilAsync(() => cluster.Members.All(member => cluster.Members.All(other => Knows(member, other))), "regions are known");
        foreach (var sample in cluster.Modules)
        {
            var had = await cluster.Members[asker].Get<GrainCalls>().HaveAsync(sample.Module, ArtifactKind.Mod, static () => { }, Cancel);
            var owner = ids[had.Member!];
            Assert.Equal(cluster.Members[asker].Region, owner.Region);
            Assert.Equal(RegionalOwner.For(sample.Module.ToString(), owner.Region, owner.Engine.View)[0].Id, had.Member);
        }
    }

    [Fact]
    public async Task ModuleVersion_PlacedAnewInAnotherRegion_CopiedFromItsHolderInsteadOfFetchedAgain()
    {
        await using var cluster = await RegionCluster.StartAsync(ThreeTimesTwo);
        await Waiting.UntilAsync(() => cluster.Members.All(member => cluster.Members.All(other => Knows(member, other))), "regions are known");
        var sample = cluster.Modules[0];
        var regions = cluster.Members.ToDictionary(static member => member.Engine.Self!.Id, static member => member.Region);

        var before = await cluster.Members[0].Get<GrainCalls>().HaveAsync(sample.Module, ArtifactKind.Zip, static () => { }, Cancel);
        await cluster.ForgetAsync(cluster.Members.Single(member => member.Engine.Self!.Id == before.Member), sample);
        var after = await cluster.Members[2].Get<GrainCalls>().HaveAsync(sample.Module, ArtifactKind.Zip, static () => { }, Cancel);

        Assert.Equal(("tokyo", "frankfurt"), (regions[before.Member!], regions[after.Member!]));
        Assert.Equal(1, cluster.Upstream.Requests(RegionCluster.PathOf(sample, ".zip")));
    }

    [Theory]
    [InlineData(ArtifactKind.Zip)]
    [InlineData(ArtifactKind.Mod)]
    public async Task ModuleVersion_PlacedAnewWhereTheStoreKeepsNoNotes_AsksTheRegionThatFetchedInsteadOfUpstream(ArtifactKind kind)
    {
        await using var cluster = await RegionCluster.StartAsync(ThreeTimesTwo, ("Orleans:Clustering:ProviderType", "etcd"));
        await Waiting.UntilAsync(() => cluster.Members.All(member => cluster.Members.All(other => Knows(member, other))), "regions are known");
        var sample = cluster.Modules[0];
        var regions = cluster.Members.ToDictionary(static member => member.Engine.Self!.Id, static member => member.Region);

        // Something else of it is known to nobody, and is no reason to ask again.
        var before = await cluster.Members[0].Get<GrainCalls>().HaveAsync(sample.Module, kind, static () => { }, Cancel);
        await cluster.EndAsync(cluster.Members.Single(member => member.Engine.Self!.Id == before.Member), sample);
        var after = await cluster.Members[2].Get<GrainCalls>().HaveAsync(sample.Module, kind, static () => { }, Cancel);
        var other = await cluster.Members[2].Get<GrainCalls>().HaveAsync(sample.Module, ArtifactKind.Info, static () => { }, Cancel);

        Assert.Equal(("tokyo", "frankfurt", "frankfurt"), (regions[before.Member!], regions[after.Member!], regions[other.Member!]));
        Assert.Equal(1, cluster.Upstream.Requests(RegionCluster.PathOf(sample, kind == ArtifactKind.Zip ? ".zip" : ".mod")));
        Assert.Equal(1, cluster.Upstream.Requests(RegionCluster.PathOf(sample, ".info")));
    }

    [Fact]
    public async Task ModuleVersion_RegionOfItsAskerDrained_PlacedInAnotherAndBackInStepsAfterwards()
    {
        await using var cluster = await RegionCluster.StartAsync(ThreeTimesTwo, ("Failover:RecoveryStep", "10m"));
        await Waiting.UntilAsync(() => cluster.Members.All(member => cluster.Members.All(other => Knows(member, other))), "regions are known");
        await Task.WhenAll(cluster.Members.Select(static member => member.Engine.UntilAsync(static view => view.Routing.Regions.Length == 3)));
        var regions = cluster.Members.ToDictionary(static member => member.Engine.Self!.Id, static member => member.Region);
        var (asker, sample) = (cluster.Members[0], cluster.Modules[0]);
        await asker.Get<GrainCalls>().HaveAsync(sample.Module, ArtifactKind.Mod, static () => { }, Cancel);

        await OrderAsync(OperatorVerb.Drain, static region => !region.IsUsable);
        await Waiting.UntilAsync(async () => await OwnerAsync() != "tokyo");
        await OrderAsync(OperatorVerb.Undrain, static region => region.IsUsable);
        Assert.NotEqual("tokyo", await OwnerAsync()); // a grain moves for what is lost, not for what is back

        var fresh = cluster.Publish(80);
        Assert.All(cluster.Members, static member => Assert.Equal(10, member.Engine.View.Routing.FindOrNull("tokyo")!.Share));
        var taken = fresh.Where(module => OwnerOrder.IsWithinShare(module.ToString(), "tokyo", asker.Engine.View.Routing)).ToList();
        Assert.InRange(taken.Count, 1, 20);
        foreach (var module in fresh)
        {
            var had = await asker.Get<GrainCalls>().HaveAsync(module, ArtifactKind.Mod, static () => { }, Cancel);
            Assert.Equal(taken.Contains(module), regions[had.Member!] == "tokyo");
        }

        async Task<string> OwnerAsync() =>
            regions[(await asker.Get<GrainCalls>().HaveAsync(sample.Module, ArtifactKind.Mod, static () => { }, Cancel)).Member!];

        async Task OrderAsync(OperatorVerb verb, Func<RegionEntry, bool> wanted)
        {
            var answer = await asker.Get<IAuthorityCalls>().OrderAsync(new OperatorCommand(verb, "tokyo", "a test", "somebody"), Cancel);
            Assert.Equal(OperatorResult.Done, answer.Result);
            await Task.WhenAll(cluster.Members.Select(member => member.Engine.UntilAsync(view => wanted(view.Routing.FindOrNull("tokyo")!))));
        }
    }

    [Fact]
    public async Task Version_WithdrawnAndStoredInAnotherSilo_StaysListedAsLongAsThatIsThere()
    {
        await using var cluster = await RegionCluster.StartAsync(
            ["tokyo", "frankfurt"], ("Queries:FreshFor", "0s"), ("Queries:StaleWhileRevalidate", "0s"), ("Queries:BridgeFor", "100ms"));
        var (here, there, sample) = (cluster.Members[0], cluster.Members[1], cluster.Modules[0]);
        var list = $"/{sample.Module.Path.Escaped}/@v/list";
        foreach (var ending in (string[])[".info", ".mod", ".zip"])
            await GetAsync(there, RegionCluster.PathOf(sample, ending));
        cluster.Upstream.Put(list, $"v0.0.1\n{sample.Module.Version}\nv1.99.0\n");
        Assert.Contains("v1.99.0\n", await GetAsync(here, list), StringComparison.Ordinal);

        // That the one which nobody has stored is gone says that the other's bridge has ended too, and so it does again.
        cluster.Upstream.Put(list, "v0.0.1\n");
        await Waiting.UntilAsync(async () => !(await GetAsync(here, list)).Contains("v1.99.0", StringComparison.Ordinal));
        cluster.Upstream.Put(list, "v0.0.1\nv1.99.0\n");
        Assert.Contains("v1.99.0\n", await GetAsync(here, list), StringComparison.Ordinal);
        cluster.Upstream.Put(list, "v0.0.1\n");
        await Waiting.UntilAsync(async () => !(await GetAsync(here, list)).Contains("v1.99.0", StringComparison.Ordinal));
        Assert.Equal($"v0.0.1\n{sample.Module.Version}\n", await GetAsync(here, list));
        Assert.Null(here.Get<DiskStore>().FindRecordOrNull(sample.Module));

        await cluster.KillAsync(there);
        await cluster.SettleAsync();
        await Waiting.UntilAsync(async () => await GetAsync(here, list) == "v0.0.1\n");

        static async Task<string> GetAsync(RegionMember member, string path)
        {
            using var http = new HttpClient { BaseAddress = new Uri(member.App.Urls.First()) };
            return await http.GetStringAsync(new Uri(path, UriKind.Relative), Cancel);
        }
    }

    [Fact]
    public async Task Metrics_OfTwoSilosInOneProcess_AreEachHostsOwnAndWithoutCollision()
    {
        var published = new ConcurrentBag<Instrument>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, _) => published.Add(instrument) };
        listener.Start();
        var spans = new ConcurrentBag<string>();
        using var calls = new ActivityListener
        {
            ShouldListenTo = static source => Tracing.SiloSourceNames.Contains(source.Name),
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => spans.Add(activity.Source.Name),
        };
        ActivitySource.AddActivityListener(calls);
        await using var cluster = await RegionCluster.StartAsync(["tokyo", "tokyo"]);
        var pages = cluster.Members.Select(static member => member.Get<PrometheusText>()).ToList(); // they listen from here on
        foreach (var module in cluster.Publish(20))
            await cluster.Members[0].Get<GrainCalls>().HaveAsync(module, ArtifactKind.Mod, static () => { }, Cancel);

        foreach (var (member, text) in cluster.Members.Zip(pages))
        {
            var output = new ArrayBufferWriter<byte>();
            text.Write(output);
            var page = Encoding.UTF8.GetString(output.WrittenSpan);
            var families = page.Split('\n').Where(static line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(static line => line.Split(' ')[2]).ToList();
            Assert.Equal(families.Distinct(), families);
            Assert.Contains("orleans_catalog_activations", families);
            Assert.InRange(families.Count(static family => family.StartsWith("orleans_", StringComparison.Ordinal)), 5, HostMeters.OfSilo.Count);
            Assert.InRange(output.WrittenCount, 1, 100_000);

            // One instrument, one family: two that clean to one name would be added up.
            var names = published.Where(instrument => HostMeters.Has(instrument, member.Get<IMeterFactory>()) && instrument.Meter.Name == HostMeters.Silo)
                .Select(static instrument => PrometheusNames.Metric(instrument.Name, instrument.Unit, MetricKind.Gauge)).ToList();
            Assert.Equal(names.Distinct().Count(), names.Count);
            Assert.Equal(HostMeters.OfSilo.Count, names.Count);
        }

        Assert.Contains("Microsoft.Orleans.Application", spans);
    }

    [Fact]
    public async Task ModuleVersion_SiloThatWinsItJoinsItsRegion_MovesThereAndIsCopied()
    {
        await using var cluster = await RegionCluster.StartAsync(["tokyo", "frankfurt"], ("Silo:MoveAfter", "0s"));
        var old = cluster.Members[0];
        var modules = cluster.Publish(32);
        foreach (var module in modules)
            Assert.Equal(old.Engine.Self!.Id, await OwnerOfAsync(module));

        var joined = await cluster.JoinAsync("tokyo", ("Silo:MoveAfter", "0s"));
        await Waiting.UntilAsync(() => cluster.Members.All(member => cluster.Members.All(other => Knows(member, other))), "regions are known");

        foreach (var module in modules)
        {
            // The call that finds it does not wait for it.
            Assert.Equal(old.Engine.Self!.Id, await OwnerOfAsync(module));
            var winner = RegionalOwner.For(module.ToString(), "tokyo", old.Engine.View)[0].Id;
            await Waiting.UntilAsync(async () => await OwnerOfAsync(module) == winner);
        }

        Assert.Contains(modules, module => joined.Get<DiskStore>().FindRecordOrNull(module)?.Mod is not null);
        Assert.All(modules, module => Assert.Equal(1, cluster.ModRequests(module)));

        async Task<string> OwnerOfAsync(ModuleVersion module) =>
            (await old.Get<GrainCalls>().HaveAsync(module, ArtifactKind.Mod, static () => { }, Cancel)).Member!;
    }

    [Fact]
    public async Task RegionCopy_AskedByAllOfItsRegionAtOnce_AsksTheOwnerOnceAndCrossesTheOceanOnce()
    {
        await using var cluster = await RegionCluster.StartAsync(["tokyo", "frankfurt", "frankfurt", "frankfurt"]);
        await Waiting.UntilAsync(() => cluster.Members.All(member => cluster.Members.All(other => Knows(member, other))), "regions are known");
        var sample = cluster.Modules[0];
        var tokyo = cluster.Members[0];
        await HaveAsync(tokyo, sample);
        var before = cluster.OwnerCalls;

        await Task.WhenAll(cluster.Members.Skip(1).Select(member => HaveAsync(member, sample)));

        Assert.Equal(before + 1, cluster.OwnerCalls);
        foreach (var member in cluster.Members)
            Assert.NotNull(member.Get<DiskStore>().FindRecordOrNull(sample.Module)?.Zip);
        var copied = cluster.Members.Skip(1)
            .Select(member => member.Get<DiskStore>().FindRecordOrNull(sample.Module)!.Zip!.Source)
            .ToList();
        Assert.Single(copied, source => source == tokyo.Engine.Self!.Id);
        Assert.Equal(1, cluster.Upstream.Requests(RegionCluster.PathOf(sample, ".zip")));
    }

    [Fact]
    public async Task RegionCopy_OfASiloThatDied_IsBroughtAgainAndNobodyFetches()
    {
        await using var cluster = await RegionCluster.StartAsync(["tokyo", "frankfurt", "frankfurt", "frankfurt"]);
        await Waiting.UntilAsync(() => cluster.Members.All(member => cluster.Members.All(other => Knows(member, other))), "regions are known");
        var sample = cluster.Modules[0];
        var place = RegionalOwner.For(sample.Module.ToString(), "frankfurt", cluster.Members[0].Engine.View)[0].Id;
        var (host, others) = (cluster.Members.Single(member => member.Engine.Self!.Id == place), cluster.Members.Where(member => member.Region == "frankfurt" && member.Engine.Self!.Id != place).ToList());
        await HaveAsync(cluster.Members[0], sample);
        await HaveAsync(others[0], sample);

        await cluster.KillAsync(host);
        await HaveAsync(others[1], sample);

        Assert.NotNull(others[1].Get<DiskStore>().FindRecordOrNull(sample.Module)?.Zip);
        Assert.Equal(1, cluster.Upstream.Requests(RegionCluster.PathOf(sample, ".zip")));
    }

    [Fact]
    public async Task ModuleVersion_TwoHoldersAndTheNewestDead_CopiedFromTheOther()
    {
        await using var cluster = await RegionCluster.StartAsync(new MemoryStore(), ["tokyo", "tokyo", "frankfurt", "sanjose"]);
        await Waiting.UntilAsync(() => cluster.Members.All(member => cluster.Members.All(other => Knows(member, other))), "regions are known");
        var sample = cluster.Modules[0];
        var owner = (await cluster.Members[0].Get<GrainCalls>().HaveAsync(sample.Module, ArtifactKind.Zip, static () => { }, Cancel)).Member;
        await HaveAsync(cluster.Members[2], sample);
        await HaveAsync(cluster.Members[3], sample);
        var notes = await RegionCluster.NotesAsync(cluster.Members[2], sample, holders => holders.Of(ArtifactKind.Zip).Contains(cluster.Members[3].Engine.Self!.Address.Authority));
        Assert.Equal(cluster.Members[3].Engine.Self!.Address.Authority, notes.Of(ArtifactKind.Zip).First());

        await cluster.KillAsync(cluster.Members.Single(member => member.Engine.Self!.Id == owner));
        await cluster.KillAsync(cluster.Members[3]);
        var survivor = cluster.Live.Single(static member => member.Region == "tokyo");
        await new[] { survivor.Engine }.UntilMembersAsync([.. cluster.Live.Select(static member => member.Engine.Self!.Id)]);
        var had = await survivor.Get<GrainCalls>().HaveAsync(sample.Module, ArtifactKind.Zip, static () => { }, Cancel);

        Assert.Equal(survivor.Engine.Self!.Id, had.Member);
        Assert.Equal(cluster.Members[2].Engine.Self!.Id, had.Outcome.Value.Zip!.Source);
        Assert.Equal(1, cluster.Upstream.Requests(RegionCluster.PathOf(sample, ".zip")));
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
        await Waiting.UntilAsync(async () =>
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
        Assert.Single(answers.Select(static answer => Convert.ToHexString(answer.Value.Served!.Body)).Distinct());
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

    private static async Task HaveAsync(RegionMember member, PackedModule sample)
    {
        var ask = Ask.ForArtifact(sample.Module, ArtifactKind.Zip, AskLevel.Client, Door.Client, "test");
        Assert.Null((await member.Get<ArtifactOwner>().HaveAsync(ask, Cancel).WaitAsync(TimeSpan.FromSeconds(60), Cancel)).Failure);
    }

    private static bool Knows(RegionMember member, RegionMember other) =>
        member.Silo!.ServiceProvider.GetSiloMetadata(other.Silo!.SiloAddress).Contains(other.Region);
}
