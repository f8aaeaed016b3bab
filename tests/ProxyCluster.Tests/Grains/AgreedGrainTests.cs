using ProxyCluster.Admin;
using ProxyCluster.Clustering.Agreed;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Rulings;
using ProxyCluster.Silos;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Grains;

/// <summary>What a cluster of silos agrees on, in Orleans' own test host.</summary>
public sealed class AgreedGrainTests
{
    private static readonly string[] ThreeTimesTwo = ["tokyo", "tokyo", "frankfurt", "frankfurt", "sanjose", "sanjose"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Order_AtAnyMember_IsObeyedByAllAndOutlivesTheSilosThatKnewIt()
    {
        await using var cluster = await RegionCluster.StartAsync(new MemoryStore(), ThreeTimesTwo);

        Assert.Equal(1, await WithdrawAsync(cluster.Members[0], "v1.0.0"));
        await ObeyedByAllAsync(cluster, "v1.0.0");

        // Whoever is started later hears of it as well, and those who are left go on from there.
        await cluster.KillAsync(cluster.Members[0]);
        await cluster.KillAsync(cluster.Members[3]);
        await cluster.JoinAsync("tokyo");
        Assert.Equal(2, await WithdrawAsync(cluster.Members[^1], "v1.1.0"));
        await ObeyedByAllAsync(cluster, "v1.0.0", "v1.1.0");
    }

    [Fact]
    public async Task Orders_AtAllMembersAtOnce_AreAllObeyed()
    {
        await using var cluster = await RegionCluster.StartAsync(new MemoryStore(), ThreeTimesTwo);

        var revisions = await Task.WhenAll(cluster.Members.Select((member, n) => WithdrawAsync(member, $"v1.{n}.0")));

        Assert.Equal([1, 2, 3, 4, 5, 6], revisions.Order());
        await ObeyedByAllAsync(cluster, [.. Enumerable.Range(0, 6).Select(static n => $"v1.{n}.0")]);
    }

    [Fact]
    public async Task Store_ThatDiesWithItsSilo_IsToldAgainByWhoeverIsLeft()
    {
        await using var cluster = await RegionCluster.StartAsync(["tokyo", "frankfurt", "sanjose"]);
        await WithdrawAsync(cluster.Members[0], "v1.0.0");
        await ObeyedByAllAsync(cluster, "v1.0.0");

        await cluster.KillAsync(cluster.Members[0]);
        await cluster.KillAsync(cluster.Members[1]);

        Assert.Equal(2, await WithdrawAsync(cluster.Members[2], "v1.1.0"));
        await ObeyedByAllAsync(cluster, "v1.0.0", "v1.1.0");
    }

    // An order may meet a grain whose silo has just been killed, and is then given again: it says the same.
    private static async Task<long> WithdrawAsync(RegionMember member, string version)
    {
        var module = new ModuleVersion(ModulePath.Parse("example.com/m"), version);
        var order = new Ruling(RulingVerb.Withdraw, module, null, null, "alice", "a test says so", default);
        Failure? failure = null;
        for (var tries = 0; tries < 200; tries++)
        {
            var given = await member.Get<RulingOrders>().GiveAsync(order, isUndone: false, Cancel);
            if (given.TryGet(out var answer, out failure))
                return answer.Revision;
            Assert.NotNull(failure.RetryAfter);
            await Task.Delay(100, Cancel);
        }

        throw new TimeoutException(failure!.Message);
    }

    private static Task ObeyedByAllAsync(RegionCluster cluster, params string[] versions) => Waiting.UntilAsync(
        () => cluster.Live.All(member =>
            member.Get<RulingBook>().Current.All.Select(static ruling => ruling.Module.Version).SequenceEqual(versions)
            && member.Get<AgreedDocuments>().RevisionOf(RulingBook.Name) > 0),
        "all obey");
}
