using System.Net;
using ProxyCluster.Clustering;
using ProxyCluster.Copies;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.Routing;
using ProxyCluster.Storage;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Clustering;
using ProxyCluster.Tests.Lines;

namespace ProxyCluster.Tests.Copies;

public sealed class LastCopyTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_OwnersHaveChangedAndUpstreamIsAway_TheOldOwnersCopyIsServed()
    {
        await using var site = await PeerSite.StartAsync();
        var names = site.RegionsInOwnerOrder("a", "b", "c");
        var old = await site.AddAsync(names[2], Role.All);
        using (var first = await site.Client.GetAsync(old.Urls.First() + site.Zip, Cancel))
            Assert.Equal(HttpStatusCode.OK, first.StatusCode);

        var home = await site.AddAsync(names[0], Role.All);
        var next = await site.AddAsync(names[1], Role.All);
        await site.Engines.ToArray().UntilMembersAsync([.. site.Engines.Select(static engine => engine.Self!.Id)]);
        site.World.Upstream.IsRefusing = true;

        foreach (var silo in new[] { home, next })
        {
            using var answer = await site.Client.GetAsync(silo.Urls.First() + site.Zip, Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(site.Module.Zip, await answer.Content.ReadAsByteArrayAsync(Cancel));
        }

        // And what nobody has is told as before.
        using var nowhere = await site.Client.GetAsync(
            $"{home.Urls.First()}/{site.Other.Module.Path.Escaped}/@v/{site.Other.Module.EscapedVersion}.zip", Cancel);
        Assert.InRange((int)nowhere.StatusCode, 502, 504);
    }

    [Fact]
    public async Task Get_NobodyHasItWhileUpstreamIsAway_TheOthersAreAskedOnceForAWhile()
    {
        await using var site = await PeerSite.StartAsync();
        var names = site.RegionsInOwnerOrder("a", "b");
        var other = await site.ScriptAsync(names[0], static (context, target) => target.Contains("/stored/", StringComparison.Ordinal)
            ? ScriptedPeer.FrameAsync(context, PeerFrameType.Failure, PeerFailure.Write(new Failure(FailureKind.NotCached, "not here")))
            : ScriptedPeer.FrameAsync(context, PeerFrameType.Failure, PeerFailure.Write(new Failure(FailureKind.UpstreamUnavailable, "away"))));
        var silo = await site.AddAsync(names[1], Role.Silo, ("LastCopy:NobodyFor", "10m"));
        site.World.Upstream.IsRefusing = true;

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => GetAsync()));
        await GetAsync();

        Assert.Single(other.Asked, static target => target.Contains("/stored/", StringComparison.Ordinal));

        async Task GetAsync()
        {
            using var answer = await site.Client.GetAsync(silo.Urls.First() + site.Zip, Cancel);
            Assert.InRange((int)answer.StatusCode, 502, 504);
        }
    }

    [Fact]
    public async Task Take_NobodyHasIt_IsNotAskedAgainUntilTheAnswerIsOld()
    {
        using var others = new Others("a", "b");
        Assert.Null(await others.TakeAsync("m"));
        Assert.Null(await others.TakeAsync("m"));
        Assert.Equal(2, others.Asked);

        others.Clock.Advance(others.Options.NobodyFor);
        Assert.Null(await others.TakeAsync("m"));
        Assert.Equal(4, others.Asked);
    }

    [Fact]
    public async Task Take_AnotherArtifactOrAnotherMember_IsAskedAtOnce()
    {
        using var others = new Others("a");
        await others.TakeAsync("m");
        await others.TakeAsync("n");
        Assert.Equal(2, others.Asked);

        others.Engine.Members("a", "b");
        await others.TakeAsync("m");
        Assert.Equal(4, others.Asked);
    }

    [Fact]
    public async Task Take_SomebodyHasIt_IsGivenAndNothingIsRemembered()
    {
        using var others = new Others("a", "b") { Answer = static (_, module) => Task.FromResult<Outcome<ModuleRecord>>(new ModuleRecord { Module = module }) };
        Assert.NotNull(await others.TakeAsync("m"));
        Assert.NotNull(await others.TakeAsync("m"));
    }

    [Fact]
    public async Task Take_SomebodyDidNotAnswer_NothingIsRemembered()
    {
        using var others = new Others("a", "b");
        others.Answer = static (peer, _) => peer.Id == "a" ? Others.NotHere : Task.FromResult<Outcome<ModuleRecord>>(new Failure(FailureKind.PeerUnavailable, "silent"));
        Assert.Null(await others.TakeAsync("m"));
        others.Answer = static (_, module) => Task.FromResult<Outcome<ModuleRecord>>(new ModuleRecord { Module = module });
        Assert.NotNull(await others.TakeAsync("m"));
    }

    [Fact]
    public async Task Take_MoreThanAtOnce_WaitsForATurnAndNotForLong()
    {
        using var others = new Others("a") { Options = { MaxSearches = 1 } };
        var first = new TaskCompletionSource<Outcome<ModuleRecord>>(TaskCreationOptions.RunContinuationsAsynchronously);
        others.Answer = (_, module) => module.Path.Value.EndsWith("/m", StringComparison.Ordinal) ? first.Task : Others.NotHere;
        var searching = others.TakeAsync("m");
        var (waiting, late) = (others.TakeAsync("n"), others.TakeAsync("o"));
        await Waiting.UntilAsync(() => others.Asked == 1);

        others.Clock.Advance(others.Options.NobodyFor);
        Assert.Null(await waiting);
        Assert.Null(await late);
        Assert.Equal(1, others.Asked);

        // That no turn came says nothing about the artifact; the turn that ended is free again.
        first.SetResult(new Failure(FailureKind.NotCached, "not here"));
        await searching;
        Assert.Null(await others.TakeAsync("n"));
        Assert.Equal(2, others.Asked);
    }

    [Fact]
    public async Task Take_ATurnComesInTime_IsAsked()
    {
        using var others = new Others("a") { Options = { MaxSearches = 1 } };
        var first = new TaskCompletionSource<Outcome<ModuleRecord>>(TaskCreationOptions.RunContinuationsAsynchronously);
        others.Answer = (_, module) => module.Path.Value.EndsWith("/m", StringComparison.Ordinal) ? first.Task : Others.NotHere;
        var searching = others.TakeAsync("m");
        var waiting = others.TakeAsync("n");

        first.SetException(new IOException("a test"));

        await Assert.ThrowsAsync<IOException>(() => searching);
        Assert.Null(await waiting);
        Assert.Equal(2, others.Asked);
    }

    [Fact]
    public void Places_OfADrainedRegion_AreAmongThem()
    {
        Member self = Silo("self", "tokyo"), near = Silo("near", "tokyo"), drained = Silo("drained", "paris");
        var door = new Member("door", "tokyo", new Uri("http://127.0.0.1:1"), Role.FrontEnd, "");
        var view = new ClusterView([door, drained, near, self], RoutingTable.Empty with
        {
            Epoch = 1,
            Regions = [new RegionEntry("paris", RegionState.Drained, DateTimeOffset.UnixEpoch, "a test")],
        });

        var places = LastCopy.Places("example.com/a@v1.0.0", self, view);

        Assert.Equal([("near", AskLevel.Stored), ("drained", AskLevel.Stored)], places.Select(static place => (place.Peer!.Id, place.Level)));
    }

    [Fact]
    public void MayBeElsewhere_EveryFailure_OutagesAndRefusedBytesOnly() => Assert.Equal(
        [
            FailureKind.UpstreamUnavailable, FailureKind.UpstreamTimeout, FailureKind.UpstreamInvalid, FailureKind.ChecksumMismatch,
            FailureKind.ChecksumDatabaseInvalid, FailureKind.ChecksumDatabaseUnavailable, FailureKind.PeerUnavailable,
        ],
        Enum.GetValues<FailureKind>().Where(LastCopy.MayBeElsewhere));

    private static Member Silo(string id, string region) => new(id, region, new Uri("http://127.0.0.1:1"), Role.Silo, "");

    /// <summary>A cluster of silos whose answers a test writes.</summary>
    private sealed class Others : IDisposable
    {
        public static readonly Task<Outcome<ModuleRecord>> NotHere =
            Task.FromResult<Outcome<ModuleRecord>>(new Failure(FailureKind.NotCached, "not here"));

        private readonly TestLines _lines = new();
        private LastCopy? _last;
        private int _asked;

        public Others(params string[] ids) => Engine.Members(ids);

        public ManualTimeProvider Clock => _lines.Clock;

        public LastCopyOptions Options { get; } = new();

        public ScriptedView Engine { get; } = new();

        public Func<Member, ModuleVersion, Task<Outcome<ModuleRecord>>> Answer { get; set; } = static (_, _) => NotHere;

        public int Asked => Volatile.Read(ref _asked);

        public Task<ModuleRecord?> TakeAsync(string name) =>
            (_last ??= new LastCopy(
                new ClusterSelf(Engine, Microsoft.Extensions.Options.Options.Create(new ClusteringOptions())),
                _lines.Pulse,
                (peer, module, _, _) =>
                {
                    Interlocked.Increment(ref _asked);
                    return Answer(peer, module);
                },
                Microsoft.Extensions.Options.Options.Create(Options),
                Clock)).TakeOrNullAsync(ProxyCluster.Tests.Storage.StoreSite.Module("example.com/" + name), ArtifactKind.Zip, Cancel);

        public void Dispose()
        {
            _last?.Dispose();
            _lines.Dispose();
        }
    }

    /// <summary>An engine that only has a view.</summary>
    private sealed class ScriptedView : IEngine
    {
        public event Action<ClusterView>? ViewChanged;

        public string Name => "scripted";

        public Member? Self => null;

        public ClusterView View { get; private set; } = ClusterView.Empty;

        public EngineStatus Status => throw new NotSupportedException();

        public bool IsAuthority => false;

        public void Members(params string[] ids)
        {
            View = new ClusterView([.. ids.Select(static id => Silo(id, "tokyo"))], RoutingTable.Empty);
            ViewChanged?.Invoke(View);
        }

        public Task JoinAsync(Member self, CancellationToken cancel) => throw new NotSupportedException();

        public Task<PublishResult> TryPublishAsync(RoutingTable next, CancellationToken cancel) => throw new NotSupportedException();

        public Task LeaveAsync(CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => default;
    }
}
