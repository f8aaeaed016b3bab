using System.Collections.Immutable;
using ProxyCluster.Clustering;
using ProxyCluster.Routing;

namespace ProxyCluster.Tests.Clustering;

public class AskPathTests
{
    private const string Key = "example.com/a@v1.0.0";

    private static readonly ImmutableArray<Member> Silos =
    [
        .. from region in new[] { "frankfurt", "sanjose", "tokyo" }
           from n in new[] { 1, 2 }
           select new Member($"{region}-{n}", region, new Uri($"http://{region}-{n}:8080"), Role.All, "1"),
    ];

    private static ClusterView View { get; } = new(Silos, RoutingTable.Empty);

    [Fact]
    public void For_TheOwner_AsksNobody()
    {
        var owner = OwnerOrder.For(Key, View)[0];
        Assert.Equal([new AskStep(null, AskLevel.Home)], AskPath.For(Key, owner, AskLevel.Client, View, 3));
    }

    [Fact]
    public void For_EverySilo_EndsWithItselfAndNeverAsksItself() => Assert.All(Silos, static self =>
    {
        var steps = AskPath.For(Key, self, AskLevel.Client, View, 3);
        Assert.Equal(new AskStep(null, AskLevel.Home), steps[^1]);
        Assert.All(steps.SkipLast(1), step => Assert.NotEqual(self.Id, step.Peer?.Id));
        Assert.True(steps.Length <= 4);
    });

    [Fact]
    public void For_AClientOfAnotherRegion_AsksItsOwnRegionsOwnerFirst()
    {
        var home = OwnerOrder.For(Key, View)[0];
        var elsewhere = Silos.First(silo => silo.Region != home.Region);
        var owners = RegionalOwner.For(Key, elsewhere.Region, View);

        var steps = AskPath.For(Key, owners[1], AskLevel.Client, View, 3);

        Assert.Equal(new AskStep(owners[0], AskLevel.Region), steps[0]);
        Assert.Equal(new AskStep(home, AskLevel.Home), steps[1]);
        Assert.Equal(new AskStep(home, AskLevel.Home), AskPath.For(Key, owners[0], AskLevel.Client, View, 3)[0]);
    }

    [Fact]
    public void For_AskedAsHome_AsksNobodyWhoeverOwnsIt() => Assert.All(
        Silos, static self => Assert.Equal([new AskStep(null, AskLevel.Home)], AskPath.For(Key, self, AskLevel.Home, View, 3)));

    [Theory]
    [InlineData(AskLevel.Client)]
    [InlineData(AskLevel.Home)]
    internal void ForArtifact_TheOwnerOfARegionThatWasOut_AsksOneSiloOfEachOtherForWhatIsStored(AskLevel level)
    {
        var owners = OwnerOrder.For(Key, View);
        var elsewhere = owners.Where(silo => silo.Region != owners[0].Region).DistinctBy(static silo => silo.Region);

        var steps = AskPath.ForArtifact(Key, owners[0], level, CatchingUp(owners[0].Region), 3, hasFallen: false);

        Assert.Equal(
            [
                new AskStep(RegionalOwner.For(Key, owners[0].Region, View)[1], AskLevel.Stored),
                .. elsewhere.Select(static silo => new AskStep(silo, AskLevel.Stored)),
                new AskStep(null, AskLevel.Home),
            ],
            steps);
    }

    // Whoever is asked for a query asks upstream: two that catch up would wait for each other, and neither for upstream.
    [Fact]
    public void For_SilosOfRegionsThatWereOut_AskNobodyAsOwners()
    {
        var view = CatchingUp([.. Silos.Select(static silo => silo.Region).Distinct()]);

        Assert.All(Silos, self => Assert.Equal([new AskStep(null, AskLevel.Home)], AskPath.For(Key, self, AskLevel.Home, view, 3)));
    }

    [Theory]
    [InlineData(AskLevel.Client)]
    [InlineData(AskLevel.Home)]
    internal void ForArtifact_TheOwner_AsksTheNextOfItsRegionForWhatIsStored(AskLevel level)
    {
        var owners = RegionalOwner.For(Key, OwnerOrder.For(Key, View)[0].Region, View);

        Assert.Equal(
            [new AskStep(owners[1], AskLevel.Stored), new AskStep(null, AskLevel.Home)],
            AskPath.ForArtifact(Key, owners[0], level, View, 3, hasFallen: false));

        // A stand-in is not sent to the one that it stands in for.
        Assert.Equal([new AskStep(null, AskLevel.Home)], AskPath.ForArtifact(Key, owners[1], AskLevel.Home, View, 3, hasFallen: false));
    }

    [Fact]
    public void ForArtifact_KeyThatFellToTheOwner_AsksOneSiloOfEachOtherRegionToo()
    {
        var owners = OwnerOrder.For(Key, View);

        var steps = AskPath.ForArtifact(Key, owners[0], AskLevel.Home, View, 3, hasFallen: true);

        Assert.Equal(owners[1], steps[0].Peer);
        Assert.Equal(Silos.Select(static silo => silo.Region).Distinct().Count() - 1, steps[1..^1].Select(static step => step.Peer!.Region).Distinct().Count());
        Assert.All(steps.SkipLast(1), static step => Assert.Equal(AskLevel.Stored, step.Level));
        Assert.Equal(new AskStep(null, AskLevel.Home), steps[^1]);
    }

    [Fact]
    public void ForArtifact_WhoIsSentToAnOwner_AsksNobodyElseFirst() => Assert.All(
        Silos.Where(static self => self.Id != OwnerOrder.For(Key, View)[0].Id),
        static self => Assert.Equal(AskPath.For(Key, self, AskLevel.Client, View, 3), AskPath.ForArtifact(Key, self, AskLevel.Client, View, 3, hasFallen: true)));

    [Fact]
    public void For_AClientOfARegionOutOfService_DoesNotAskItsNeighbours()
    {
        var home = OwnerOrder.For(Key, View)[0];
        var elsewhere = Silos.First(silo => silo.Region != home.Region);
        var view = View with { Routing = RoutingTable.Empty with { Regions = [new RegionEntry(elsewhere.Region, RegionState.Failed, default, "")] } };

        Assert.DoesNotContain(
            AskPath.For(Key, RegionalOwner.For(Key, elsewhere.Region, view)[1], AskLevel.Client, view, 3), step => step.Peer?.Region == elsewhere.Region);
    }

    [Fact]
    public void For_AnEmptyView_IsItself() => Assert.Equal(
        [new AskStep(null, AskLevel.Home)], AskPath.For(Key, Silos[0], AskLevel.Client, ClusterView.Empty, 3));

    private static ClusterView CatchingUp(params string[] regions) => View with
    {
        Routing = RoutingTable.Empty with
        {
            Regions = [.. regions.Select(static region => new RegionEntry(region, RegionState.Active, default, "") { IsCatchingUp = true })],
        },
    };
}
