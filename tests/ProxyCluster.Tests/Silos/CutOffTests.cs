using ProxyCluster.Clustering;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Clustering;

namespace ProxyCluster.Tests.Silos;

/// <summary>Whoever can report to the failover grain hears from it, whatever else is cut.</summary>
[Trait("Needs", "redis")]
public sealed class CutOffTests
{
    [Fact]
    public async Task Member_CutOffFromTheStoreAlone_HearsOfTheNextTableByItsReports()
    {
        await using var site = await OrleansSite.OpenAsync();
        IEngine[] engines = [await site.JoinAsync("a"), await site.JoinAsync("b"), await site.JoinAsync("c")];
        await engines.UntilMembersAsync("a", "b", "c");
        var authority = await engines.UntilAuthorityAsync();
        var cut = engines.First(engine => engine != authority);

        site.CutFromStore(cut);
        await Waiting.UntilAsync(() => cut.Status.IsDegraded, "it has lost its store");
        Assert.Equal(PublishStatus.Published, (await authority.TryPublishAsync(EngineConformance.Table(1, authority), TestContext.Current.CancellationToken)).Status);

        await cut.UntilAsync(static view => view.Routing.Epoch == 1);
        Assert.True(cut.Status.IsDegraded);
        Assert.Equal(3, cut.View.Members.Length);
    }
}
