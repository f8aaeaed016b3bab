using System.Collections.Concurrent;
using System.Collections.Immutable;
using ProxyCluster.Clustering;
using ProxyCluster.Routing;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Clustering;

/// <summary>What every engine promises (see <see cref="IEngine"/>), whatever it stands on.</summary>
public abstract class EngineConformance
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Join_ThreeMembers_AllSeeAllOrderedById()
    {
        await using var site = await OpenAsync();
        IEngine[] engines = [await site.JoinAsync("c", "tokyo"), await site.JoinAsync("a", "frankfurt", Role.Silo), await site.JoinAsync("b", role: Role.FrontEnd)];

        await engines.UntilMembersAsync("a", "b", "c");

        foreach (var engine in engines)
        {
            Assert.Equal(["a", "b", "c"], engine.View.Members.Select(static m => m.Id));
            Assert.Equal(EngineSite.MemberOf("a", "frankfurt", Role.Silo), engine.View.FindOrNull("a"));
            Assert.Equal([true, false, true], engine.View.Members.Select(static m => m.IsSilo));
            Assert.False(engine.Status.IsDegraded, engine.Status.Detail);
            Assert.Contains(engine.Self!, engine.View.Members);
        }
    }

    [Fact]
    public async Task Join_Again_Throws()
    {
        await using var site = await OpenAsync();
        var engine = await site.JoinAsync("a");

        await Assert.ThrowsAsync<InvalidOperationException>(() => engine.JoinAsync(EngineSite.MemberOf("a2"), Cancel));
    }

    [Fact]
    public async Task ViewChanged_AHandlerThrows_TheOthersHearOfEveryChange()
    {
        await using var site = await OpenAsync();
        var engine = await site.JoinAsync("a");
        var heard = new ConcurrentQueue<int>();
        engine.ViewChanged += static _ => throw new InvalidOperationException("a bug of a handler");
        engine.ViewChanged += view => heard.Enqueue(view.Members.Length);

        await site.JoinAsync("b");
        await Waiting.UntilAsync(() => heard.Contains(2), "the second handler heard of b");
        await site.JoinAsync("c");
        await Waiting.UntilAsync(() => heard.Contains(3), "the second handler heard of c");
    }

    [Fact]
    public async Task Leave_OneMember_OthersForgetIt()
    {
        await using var site = await OpenAsync();
        IEngine[] engines = [await site.JoinAsync("a"), await site.JoinAsync("b"), await site.JoinAsync("c")];
        await engines.UntilMembersAsync("a", "b", "c");

        await engines[1].LeaveAsync(Cancel);

        await new[] { engines[0], engines[2] }.UntilMembersAsync("a", "c");
        Assert.DoesNotContain(engines[1].View.Members, static m => m.Id == "b");
        Assert.False(engines[1].IsAuthority);
    }

    [Fact]
    public async Task Kill_OneMember_OthersForgetItWhenItsLeaseEnds()
    {
        await using var site = await OpenAsync();
        IEngine[] engines = [await site.JoinAsync("a"), await site.JoinAsync("b"), await site.JoinAsync("c")];
        await engines.UntilMembersAsync("a", "b", "c");

        await site.KillAsync(engines[2]);

        await engines[..2].UntilMembersAsync("a", "b");
    }

    [Fact]
    public async Task Freeze_OneMember_ForgottenAndBackUnderItsIdAfterwards()
    {
        await using var site = await OpenAsync();
        IEngine[] engines = [await site.JoinAsync("a"), await site.JoinAsync("b")];
        await engines.UntilMembersAsync("a", "b");

        site.Freeze(engines[1]);
        await engines[..1].UntilMembersAsync("a");
        Assert.Equal(["a", "b"], engines[1].View.Members.Select(static m => m.Id));
        site.Thaw(engines[1]);

        await engines.UntilMembersAsync("a", "b");
    }

    [Fact]
    public async Task Authority_SeveralMembers_ExactlyOneAndAllKnowIt()
    {
        await using var site = await OpenAsync();
        IEngine[] engines = [await site.JoinAsync("a"), await site.JoinAsync("b"), await site.JoinAsync("c")];
        await engines.UntilMembersAsync("a", "b", "c");

        var authority = await engines.UntilAuthorityAsync();

        Assert.All(engines, engine => Assert.Equal(authority.Self, engine.View.AuthorityOrNull));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Authority_Gone_AnotherElected(bool politely)
    {
        await using var site = await OpenAsync();
        IEngine[] engines = [await site.JoinAsync("a"), await site.JoinAsync("b"), await site.JoinAsync("c")];
        await engines.UntilMembersAsync("a", "b", "c");
        var first = await engines.UntilAuthorityAsync();
        var others = engines.Where(engine => engine != first).ToArray();

        if (politely)
            await first.LeaveAsync(Cancel);
        else
            await site.KillAsync(first);

        var second = await others.UntilAuthorityAsync();
        Assert.Equal(PublishStatus.Published, (await second.TryPublishAsync(Table(1, second), Cancel)).Status);
    }

    [Fact]
    public async Task Publish_NextEpoch_SeenByAll()
    {
        await using var site = await OpenAsync();
        IEngine[] engines = [await site.JoinAsync("a"), await site.JoinAsync("b")];
        var authority = await engines.UntilAuthorityAsync();
        var table = Table(1, authority);

        var result = await authority.TryPublishAsync(table, Cancel);

        Assert.Equal((PublishStatus.Published, 1), (result.Status, result.Current.Epoch));
        foreach (var engine in engines)
        {
            var seen = (await engine.UntilAsync(static view => view.Routing.Epoch == 1)).Routing;
            Assert.Equal(table.Regions, seen.Regions);
            Assert.Equal((table.Authority, table.Time), (seen.Authority, seen.Time));
            Assert.Equal(table.FailoverOrder["tokyo"], seen.FailoverOrder["tokyo"]);
        }

        var late = await site.JoinAsync("late");
        await late.UntilAsync(static view => view.Routing.Epoch == 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Publish_NotTheNextEpoch_SupersededByTheTableThatStands(long epoch)
    {
        await using var site = await OpenAsync();
        var engine = await site.JoinAsync("a");
        await new[] { engine }.UntilAuthorityAsync();
        await engine.TryPublishAsync(Table(1, engine), Cancel);

        var result = await engine.TryPublishAsync(Table(epoch, engine), Cancel);

        Assert.Equal((PublishStatus.Superseded, 1), (result.Status, result.Current.Epoch));
        Assert.Equal(1, engine.View.Routing.Epoch);
    }

    [Fact]
    public async Task Publish_ByAnotherThanTheAuthority_Refused()
    {
        await using var site = await OpenAsync();
        IEngine[] engines = [await site.JoinAsync("a"), await site.JoinAsync("b")];
        var authority = await engines.UntilAuthorityAsync();
        var other = engines.Single(engine => engine != authority);

        Assert.Equal(PublishStatus.NotAuthority, (await other.TryPublishAsync(Table(1, other), Cancel)).Status);
        Assert.Equal(PublishStatus.Published, (await authority.TryPublishAsync(Table(1, authority), Cancel)).Status);
    }

    [Fact]
    public async Task Publish_ManyRacing_ExactlyOneTablePerEpoch()
    {
        await using var site = await OpenAsync();
        IEngine[] engines = [await site.JoinAsync("a"), await site.JoinAsync("b"), await site.JoinAsync("c")];
        await engines.UntilAuthorityAsync();

        for (var epoch = 1; epoch <= 8; epoch++)
        {
            // Each tries with a table of its own, told apart by its reason.
            var tries = Enumerable.Range(0, 9).Select(n => (Engine: engines[n % 3], Table: Table(epoch, engines[n % 3], $"try {n}"))).ToList();
            var results = await Task.WhenAll(tries.Select(t => Task.Run(() => t.Engine.TryPublishAsync(t.Table, Cancel), Cancel)));

            var winner = tries[Assert.Single(Enumerable.Range(0, 9), n => results[n].Status == PublishStatus.Published)];
            foreach (var engine in engines)
            {
                var seen = await engine.UntilAsync(view => view.Routing.Epoch == epoch);
                Assert.Equal(winner.Table.Regions[0].Reason, seen.Routing.Regions[0].Reason);
            }
        }
    }

    [Fact]
    public async Task Publish_ByAFrozenAuthorityThatThaws_CannotOverwriteItsSuccessor()
    {
        await using var site = await OpenAsync();
        IEngine[] engines = [await site.JoinAsync("a"), await site.JoinAsync("b")];
        await engines.UntilMembersAsync("a", "b");
        var frozen = await engines.UntilAuthorityAsync();
        var successor = engines.Single(engine => engine != frozen);

        site.Freeze(frozen);
        await Waiting.UntilAsync(() => successor.IsAuthority, "the successor is elected");
        Assert.Equal(PublishStatus.Published, (await successor.TryPublishAsync(Table(1, successor), Cancel)).Status);
        Assert.True(frozen.IsAuthority, "a frozen process cannot have noticed");
        var attempt = frozen.TryPublishAsync(Table(1, frozen), Cancel);
        site.Thaw(frozen);

        Assert.NotEqual(PublishStatus.Published, (await attempt).Status);
        await frozen.UntilAsync(view => view.Routing.Authority == successor.Self!.Id && view.AuthorityId == successor.Self!.Id);
        Assert.False(frozen.IsAuthority);
    }

    [Fact]
    public async Task Lose_TheEngine_LastViewKeptAndEverythingBackAfterwards()
    {
        await using var site = await OpenAsync();
        IEngine[] engines = [await site.JoinAsync("a", "tokyo"), await site.JoinAsync("b", "frankfurt"), await site.JoinAsync("c", "sanjose")];
        await engines.UntilMembersAsync("a", "b", "c");
        var authority = await engines.UntilAuthorityAsync();
        await authority.TryPublishAsync(Table(1, authority), Cancel);
        await Task.WhenAll(engines.Select(static engine => engine.UntilAsync(static view => view.Routing.Epoch == 1)));
        var fewest = new ConcurrentBag<int>();
        foreach (var engine in engines)
            engine.ViewChanged += view => { if (view.Routing.Epoch > 0) fewest.Add(view.Members.Length); }; // news from before the table may still be on its way

        // 1. Gone: everybody says so and keeps what it knew.
        await site.LoseAsync();
        await Waiting.UntilAsync(() => engines.All(static engine => engine.Status.IsDegraded), "all are degraded");
        Assert.Equal(PublishStatus.Unavailable, (await authority.TryPublishAsync(Table(2, authority), Cancel)).Status);
        Assert.All(engines, static engine => Assert.Equal((3, 1), (engine.View.Members.Length, engine.View.Routing.Epoch)));
        Assert.All(engines, static engine => Assert.NotEqual("", engine.Status.Detail));

        // 2. A member that comes now has only itself, and that at once.
        var late = await site.JoinAsync("d");
        Assert.True(late.Status.IsDegraded);
        Assert.Equal(["d"], late.View.Members.Select(static m => m.Id));

        // 3. Back: nobody was forgotten in between, and the cluster can decide again.
        await site.RestoreAsync();
        IEngine[] all = [.. engines, late];
        await all.UntilMembersAsync("a", "b", "c", "d");
        await Waiting.UntilAsync(() => all.All(static engine => !engine.Status.IsDegraded), "all are well");
        var next = await all.UntilAuthorityAsync();
        Assert.Equal(PublishStatus.Published, (await next.TryPublishAsync(Table(2, next), Cancel)).Status);
        await Task.WhenAll(all.Select(static engine => engine.UntilAsync(static view => view.Routing.Epoch == 2)));
        Assert.DoesNotContain(fewest, static count => count < 3);
    }

    [Fact]
    public async Task ViewChanged_ManyChanges_InOrderAndOneAtATime()
    {
        await using var site = await OpenAsync();
        var engine = await site.JoinAsync("a");
        await new[] { engine }.UntilAuthorityAsync();
        var epochs = new List<long>();
        var inside = 0;
        var overlaps = 0;
        engine.ViewChanged += view =>
        {
            overlaps += Interlocked.Increment(ref inside) - 1;
            if (view.Routing.Epoch > 0) // news of the join may still be on its way
            {
                lock (epochs)
                    epochs.Add(view.Routing.Epoch);
            }

            Interlocked.Decrement(ref inside);
        };
        engine.ViewChanged += static _ => throw new InvalidOperationException("a handler's bug");

        for (var epoch = 1; epoch <= 20; epoch++)
            await engine.TryPublishAsync(Table(epoch, engine), Cancel);
        await Waiting.UntilAsync(() => { lock (epochs) return epochs.Count >= 20; }, "twenty changes were told");

        Assert.Equal(Enumerable.Range(1, 20).Select(static n => (long)n), epochs);
        Assert.Equal(0, overlaps);
    }

    protected abstract Task<EngineSite> OpenAsync();

    internal static RoutingTable Table(long epoch, IEngine author, string reason = "a test") => Table(epoch, author.Self!.Id, reason);

    internal static RoutingTable Table(long epoch, string author, string reason = "a test") => new(
        epoch,
        [new RegionEntry("tokyo", RegionState.Recovering, DateTimeOffset.UnixEpoch, reason, 30)],
        ImmutableDictionary<string, ImmutableArray<string>>.Empty.Add("tokyo", ["frankfurt", "sanjose"]),
        author,
        DateTimeOffset.UnixEpoch.AddSeconds(epoch));
}
