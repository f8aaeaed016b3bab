using System.Collections.Concurrent;
using System.Net.Http.Json;
using Microsoft.Extensions.Logging.Abstractions;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Etcd;
using ProxyCluster.TestKit.Etcd;

namespace ProxyCluster.Tests.Clustering.Etcd;

/// <summary>What only etcd can do to an engine.</summary>
public sealed class EtcdEngineTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Etcd_LosesItsData_NobodyForgottenAndTheTableIsPutBack()
    {
        await using var site = await EtcdSite.OpenAsync(1);
        IEngine[] engines = [await site.JoinAsync("a"), await site.JoinAsync("b"), await site.JoinAsync("c")];
        await engines.UntilMembersAsync("a", "b", "c");
        var authority = await engines.UntilAuthorityAsync();
        for (var epoch = 1; epoch <= 2; epoch++)
            await authority.TryPublishAsync(EngineConformance.Table(epoch, authority), Cancel);
        var views = await RecordFromAsync(3, engines, authority);

        // Every lease is gone with the disk: the worst that an outage can do to the registrations.
        await site.LoseAsync();
        await Conditions.UntilAsync(() => engines.All(static engine => engine.Status.IsDegraded), "all are degraded");
        site.Etcd.Members[0].LoseData();
        await site.RestoreAsync();

        await Conditions.UntilAsync(() => engines.All(static engine => !engine.Status.IsDegraded), "all are well");
        var fresh = await site.JoinAsync("fresh");
        await fresh.UntilAsync(static view => view.Members.Length == 4 && view.Routing.Epoch == 3);
        var next = await new[] { engines[0], engines[1], engines[2], fresh }.UntilAuthorityAsync();
        Assert.Equal(PublishStatus.Published, (await next.TryPublishAsync(EngineConformance.Table(4, next), Cancel)).Status);
        await Task.WhenAll(engines.Select(static engine => engine.UntilAsync(static view => view.Routing.Epoch == 4)));
        Assert.DoesNotContain(views, static view => view.Members.Length < 3 || view.Routing.Epoch < 3);
    }

    [Fact]
    public async Task Etcd_FrozenUntilEveryLeaseCanHaveEnded_NobodyForgotten()
    {
        await using var site = await EtcdSite.OpenAsync(1);
        IEngine[] engines = [await site.JoinAsync("a"), await site.JoinAsync("b"), await site.JoinAsync("c")];
        await engines.UntilMembersAsync("a", "b", "c");
        var views = await RecordFromAsync(1, engines, await engines.UntilAuthorityAsync());

        site.Etcd.FreezeAll();
        // The authority counts its lease on its own clock, so its doubt is the sign that a lease has run its full time.
        await Conditions.UntilAsync(() => engines.All(static engine => engine.Status.IsDegraded && !engine.IsAuthority), "the leases can have ended");
        site.Etcd.ResumeAll();

        await Conditions.UntilAsync(() => engines.All(static engine => !engine.Status.IsDegraded), "all are well");
        await engines.UntilAuthorityAsync();
        Assert.All(engines, static engine => Assert.Equal(3, engine.View.Members.Length));
        Assert.DoesNotContain(views, static view => view.Members.Length < 3);
    }

    [Fact]
    public async Task Member_DiedDuringTheOutage_ForgottenAfterTheGraceTime()
    {
        await using var site = await EtcdSite.OpenAsync(1);
        IEngine[] engines = [await site.JoinAsync("a"), await site.JoinAsync("b"), await site.JoinAsync("c")];
        await engines.UntilMembersAsync("a", "b", "c");

        await site.LoseAsync();
        await site.KillAsync(engines[2]);
        site.Etcd.Members[0].LoseData();
        await site.RestoreAsync();

        await engines[..2].UntilMembersAsync("a", "b");
    }

    [Fact]
    public async Task Member_RestartedDuringTheOutage_ReplacesItsFormerLifeAtOnce()
    {
        await using var site = await EtcdSite.OpenAsync(1);
        site.Configure = static options => options.ReturnGrace = TimeSpan.FromMinutes(10);
        var engine = await site.JoinAsync("a");
        var former = new EtcdEngine(NewClient(site), EtcdSite.OptionsFor(site.Etcd.Endpoints), TimeProvider.System, NullLogger<EtcdEngine>.Instance);
        await former.JoinAsync(EngineSite.MemberOf("b"), Cancel);
        await new[] { engine }.UntilMembersAsync("a", "b");

        await site.LoseAsync();
        await former.DisposeAsync();
        site.Etcd.Members[0].LoseData();
        await Conditions.UntilAsync(() => engine.Status.IsDegraded, "the outage is noticed");
        await site.RestoreAsync();
        await using var latter = new EtcdEngine(NewClient(site), EtcdSite.OptionsFor(site.Etcd.Endpoints), TimeProvider.System, NullLogger<EtcdEngine>.Instance);
        await latter.JoinAsync(EngineSite.MemberOf("b") with { Id = "b2" }, Cancel);

        await new[] { engine }.UntilMembersAsync("a", "b2");
    }

    [Fact]
    public async Task WatchedEtcdMember_Frozen_ChangesArriveByAnother()
    {
        await using var site = await EtcdSite.OpenAsync(3);
        var follower = await site.JoinAsync("follower");
        site.Configure = options => options.Etcd.Endpoints = [.. site.Etcd.Endpoints.Reverse()];
        var other = await site.JoinAsync("other");
        IEngine[] engines = [follower, other];
        await engines.UntilMembersAsync("follower", "other");

        // Frozen, not dead: the connection stays open and says nothing.
        site.Etcd.Members[0].Freeze();
        await other.LeaveAsync(Cancel);

        await engines[..1].UntilMembersAsync("follower");
        await Conditions.UntilAsync(() => !follower.Status.IsDegraded && follower.IsAuthority, "the follower is well again");
        site.Etcd.Members[0].Resume();
    }

    [Fact]
    public async Task Etcd_WithoutALeaderForAWhile_ChangesArriveAfterwards()
    {
        await using var site = await EtcdSite.OpenAsync(3);
        var follower = await site.JoinAsync("follower");
        IEngine[] engines = [follower, await site.JoinAsync("other")];
        await engines.UntilMembersAsync("follower", "other");

        foreach (var member in site.Etcd.Members.Skip(1))
            await member.KillAsync();
        await Conditions.UntilAsync(() => follower.Status.IsDegraded, "the lost quorum is noticed");
        await Task.WhenAll(site.Etcd.Members.Skip(1).Select(static member => member.StartAsync()));

        await Conditions.UntilAsync(() => !follower.Status.IsDegraded, "the follower is well again");
        var authority = await engines.UntilAuthorityAsync();
        Assert.Equal(PublishStatus.Published, (await authority.TryPublishAsync(EngineConformance.Table(1, authority), Cancel)).Status);
        await follower.UntilAsync(static view => view.Routing.Epoch == 1);
    }

    [Fact]
    public async Task EtcdMember_Killed_ClusterGoesOn()
    {
        await using var site = await EtcdSite.OpenAsync(3);
        IEngine[] engines = [await site.JoinAsync("a"), await site.JoinAsync("b")];
        await engines.UntilMembersAsync("a", "b");

        await site.Etcd.Members[0].KillAsync();

        await Conditions.UntilAsync(() => engines.Count(static engine => engine.IsAuthority) == 1, "there is an authority");
        var late = await site.JoinAsync("c");
        await new[] { engines[0], engines[1], late }.UntilMembersAsync("a", "b", "c");
    }

    [Fact]
    public async Task Watch_HistoryCompactedWhileCutOff_ListedAgain()
    {
        await using var site = await EtcdSite.OpenAsync(1);
        IEngine[] engines = [await site.JoinAsync("a"), await site.JoinAsync("b")];
        await engines.UntilMembersAsync("a", "b");
        await engines.UntilAuthorityAsync();

        site.Cut(engines[0]);
        await Conditions.UntilAsync(() => engines[0].Status.IsDegraded && engines[1].IsAuthority, "the cut is noticed and b decides");
        for (var epoch = 1; epoch <= 5; epoch++)
            Assert.Equal(PublishStatus.Published, (await engines[1].TryPublishAsync(EngineConformance.Table(epoch, engines[1]), Cancel)).Status);
        await CompactAsync(site.Etcd.Members[0]);
        site.Mend(engines[0]);

        await engines[0].UntilAsync(static view => view.Routing.Epoch == 5);
        await engines.UntilMembersAsync("a", "b");
        await Conditions.UntilAsync(() => !engines[0].Status.IsDegraded, "the engine is well");
    }

    [Fact]
    public async Task Lease_RevokedBehindItsBack_MemberRegistersAgain()
    {
        await using var site = await EtcdSite.OpenAsync(1);
        IEngine[] engines = [await site.JoinAsync("a"), await site.JoinAsync("b")];
        await engines.UntilMembersAsync("a", "b");
        using var client = NewClient(site);
        Assert.True((await client.RangeAsync(new EtcdRangeRequest(EtcdKeys.Bytes(new EtcdKeys("tests").Member("b"))), null, Cancel)).TryGet(out var read, out _));

        var gone = engines[0].UntilAsync(static view => view.Members.Length == 1);
        await client.RevokeLeaseAsync(read.KeyValues[0].Lease, Cancel);

        await gone;
        await engines.UntilMembersAsync("a", "b");
        await engines.UntilAuthorityAsync();
    }

    [Fact]
    public async Task Authentication_SwitchedOn_RightPasswordWorksAndTokensAreRenewed()
    {
        await using var site = await EtcdSite.OpenAsync(1);
        await EnableAuthenticationAsync(site.Etcd.Members[0]);
        site.Configure = static options => (options.Etcd.User, options.Etcd.Password) = ("root", "correct");
        var engine = await site.JoinAsync("a");
        await new[] { engine }.UntilAuthorityAsync();
        Assert.False(engine.Status.IsDegraded, engine.Status.Detail);

        // etcd's simple tokens do not survive a restart.
        await site.LoseAsync();
        await Conditions.UntilAsync(() => engine.Status.IsDegraded, "the outage is noticed");
        await site.RestoreAsync();
        await Conditions.UntilAsync(() => !engine.Status.IsDegraded, "the engine has a new token");
        var other = await site.JoinAsync("b");
        await new[] { engine, other }.UntilMembersAsync("a", "b");
    }

    [Fact]
    public async Task Authentication_Refused_StatusSaysSoAndKeepsThePasswordSecret()
    {
        const string expected = "authentication failed";
        await using var site = await EtcdSite.OpenAsync(1);
        await EnableAuthenticationAsync(site.Etcd.Members[0]);
        site.Configure = options => (options.Etcd.User, options.Etcd.Password) = ("root", "wrong");

        var engine = await site.JoinAsync("a");

        await Conditions.UntilAsync(() => engine.Status.Detail.Contains(expected, StringComparison.Ordinal), "the refusal is told");
        Assert.True(engine.Status.IsDegraded);
        Assert.DoesNotContain("wrong", engine.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Join_NothingListens_ReturnsDegradedWithItself()
    {
        var options = EtcdSite.OptionsFor([new Uri("http://127.0.0.1:1"), new Uri("http://127.0.0.1:2")]);
        await using var engine = new EtcdEngine(
            new EtcdClient(options.Etcd, TimeProvider.System, EtcdTransport.Create(options.Etcd)), options, TimeProvider.System, NullLogger<EtcdEngine>.Instance);

        await engine.JoinAsync(EngineSite.MemberOf("a"), Cancel);

        Assert.True(engine.Status.IsDegraded);
        Assert.Contains("http://127.0.0.1:", engine.Status.Detail, StringComparison.Ordinal);
        Assert.Equal([engine.Self!], engine.View.Members);
        Assert.Equal(PublishStatus.NotAuthority, (await engine.TryPublishAsync(EngineConformance.Table(1, engine), Cancel)).Status);
        await engine.LeaveAsync(Cancel);
    }

    [Fact]
    public async Task Cluster_OfAnotherName_IsNotSeen()
    {
        await using var site = await EtcdSite.OpenAsync(1);
        var engine = await site.JoinAsync("a");
        site.Configure = static options => options.Name = "tests2";
        var stranger = await site.JoinAsync("x");

        await new[] { engine }.UntilAuthorityAsync();
        await new[] { stranger }.UntilAuthorityAsync();

        Assert.Equal(["a"], engine.View.Members.Select(static m => m.Id));
        Assert.Equal(["x"], stranger.View.Members.Select(static m => m.Id));
    }

    /// <summary>
    /// Publishes an epoch, and records what the engines tell after it. Handlers hear of a view some time after it is there,
    /// so that without such a mark views of before would be among them.
    /// </summary>
    private static async Task<ConcurrentQueue<ClusterView>> RecordFromAsync(long epoch, IEngine[] engines, IEngine authority)
    {
        var views = new ConcurrentQueue<ClusterView>();
        var marks = engines.Select(engine =>
        {
            var mark = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            engine.ViewChanged += view =>
            {
                if (mark.Task.IsCompleted)
                    views.Enqueue(view);
                else if (view.Routing.Epoch == epoch)
                    mark.SetResult();
            };
            return mark.Task;
        }).ToArray();
        Assert.Equal(PublishStatus.Published, (await authority.TryPublishAsync(EngineConformance.Table(epoch, authority), Cancel)).Status);
        await Conditions.UntilAsync(() => marks.All(static mark => mark.IsCompleted), $"all have told epoch {epoch}");
        return views;
    }

    private static EtcdClient NewClient(EtcdSite site)
    {
        var options = EtcdSite.OptionsFor(site.Etcd.Endpoints).Etcd;
        return new EtcdClient(options, TimeProvider.System, EtcdTransport.Create(options));
    }

    private static async Task CompactAsync(EtcdProcess etcd)
    {
        using var http = new HttpClient { BaseAddress = etcd.ClientUrl };
        using var read = await http.PostAsJsonAsync("/v3/kv/range", new { key = Convert.ToBase64String("x"u8) }, Cancel);
        var revision = (await read.Content.ReadFromJsonAsync<EtcdRangeResponse>(EtcdJson.Options, Cancel))!.Header.Revision;
        using var done = await http.PostAsJsonAsync("/v3/kv/compaction", new { revision, physical = true }, Cancel);
        done.EnsureSuccessStatusCode();
    }

    private static async Task EnableAuthenticationAsync(EtcdProcess etcd)
    {
        using var http = new HttpClient { BaseAddress = etcd.ClientUrl };
        foreach (var (path, body) in new (string, object)[]
        {
            ("/v3/auth/user/add", new { name = "root", password = "correct" }),
            ("/v3/auth/role/add", new { name = "root" }),
            ("/v3/auth/user/grant", new { user = "root", role = "root" }),
            ("/v3/auth/enable", new { }),
        })
        {
            using var done = await http.PostAsJsonAsync(path, body, Cancel);
            done.EnsureSuccessStatusCode();
        }
    }
}
