using System.Collections.Immutable;
using System.Net;
using Orleans.Runtime;
using ProxyCluster.Clustering;
using ProxyCluster.Placement;
using ProxyCluster.Routing;

namespace ProxyCluster.Tests.Placement;

public sealed class CandidatesTests
{
    private static readonly ImmutableArray<Candidate> Silos =
    [
        Silo(1, "tokyo"), Silo(2, "tokyo"), Silo(3, "frankfurt"), Silo(4, "frankfurt", Role.FrontEnd), Silo(5, "sanjose", Role.Silo),
        new(SiloAddress.New(IPAddress.Loopback, 6, 1), null),
    ];

    private static readonly string[] Keys = [.. Enumerable.Range(0, 500).Select(static n => $"example.com/m{n}@v1.0.0")];

    [Fact]
    public void Usable_NoTable_AreAllThatStore() => Assert.Equal([1, 2, 3, 5], Ports(Candidates.Usable(Silos, RoutingTable.Empty)));

    [Theory]
    [InlineData(RegionState.Failed, new[] { 3, 5 })]
    [InlineData(RegionState.Drained, new[] { 3, 5 })]
    [InlineData(RegionState.Suspect, new[] { 1, 2, 3, 5 })]
    [InlineData(RegionState.Recovering, new[] { 1, 2, 3, 5 })]
    public void Usable_RegionInState_AreThoseOfRegionsInService(RegionState state, int[] expected) =>
        Assert.Equal(expected, Ports(Candidates.Usable(Silos, Table(("tokyo", state, 100)))));

    [Fact]
    public void Usable_NoRegionInService_AreAllThatStore() => Assert.Equal([1, 2, 3, 5], Ports(Candidates.Usable(
        Silos, Table(("tokyo", RegionState.Failed, 100), ("frankfurt", RegionState.Failed, 100), ("sanjose", RegionState.Drained, 100)))));

    [Fact]
    public void Usable_OnlyFrontEnds_AreThose() => Assert.Equal([4], Ports(Candidates.Usable([Silos[3]], RoutingTable.Empty)));

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(30)]
    [InlineData(100)]
    public void WithinShare_RegionRecovers_TakesWhatOwnerOrderGivesIt(int share)
    {
        var table = Table(("tokyo", RegionState.Recovering, share));
        var taken = Keys.Where(key => Ports(Candidates.WithinShare(key, Silos, table)).Contains(1)).ToList();

        Assert.Equal(
            Keys.Where(key => RendezvousHash.IsWithinShare(RendezvousHash.Text(key), RendezvousHash.Text("tokyo"), share)), taken);
        Assert.InRange(taken.Count, (share - 5) * 5, (share + 5) * 5);
    }

    [Fact]
    public void WithinShare_ShareGrows_NoKeyIsHandedBack() => Assert.All(Keys, static key =>
    {
        if (Ports(Candidates.WithinShare(key, Silos, Table(("tokyo", RegionState.Recovering, 10)))).Contains(1))
            Assert.Contains(1, Ports(Candidates.WithinShare(key, Silos, Table(("tokyo", RegionState.Recovering, 30)))));
    });

    [Fact]
    public void WithinShare_NobodyTakesTheKey_AreAll()
    {
        var tokyo = ImmutableArray.Create(Silos[0], Silos[1]);
        Assert.Equal([1, 2], Ports(Candidates.WithinShare(Keys[0], tokyo, Table(("tokyo", RegionState.Recovering, 0)))));
    }

    [Theory]
    [InlineData("tokyo", new[] { 1, 2 })]
    [InlineData("frankfurt", new[] { 3 })]
    [InlineData("nowhere", new[] { 1, 2, 3, 5 })]
    public void OfRegion_Named_AreItsSilos(string region, int[] expected) => Assert.Equal(expected, Ports(Candidates.OfRegion(region, Silos)));

    [Fact]
    public void Winner_OfAnyKey_IsTheRegionsOwnerWhateverTheOrder() => Assert.All(Keys, static key =>
    {
        var (here, view) = (Candidates.OfRegion("tokyo", Silos), new ClusterView([.. Silos.Select(static silo => silo.Card).OfType<Member>()], RoutingTable.Empty));
        Assert.Equal(RegionalOwner.For(key, "tokyo", view)[0], Candidates.WinnerOrNull(key, here)!.Card);
        Assert.Equal(Candidates.WinnerOrNull(key, here), Candidates.WinnerOrNull(key, [.. here.Reverse()]));
    });

    [Fact]
    public void Winner_OfNobody_IsNone() => Assert.Null(Candidates.WinnerOrNull("k", []));

    [Theory]
    [InlineData("tokyo example.com/m@v1.0.0", "tokyo", "example.com/m@v1.0.0")]
    [InlineData("example.com/m@v1.0.0", "", "example.com/m@v1.0.0")]
    public void RegionKey_Text_IsReadAndWritten(string text, string region, string key)
    {
        Assert.Equal(new RegionKey(region, key), RegionKey.Parse(text));
        if (region.Length > 0)
            Assert.Equal(text, RegionKey.Parse(text).ToString());
    }

    private static int[] Ports(ImmutableArray<Candidate> silos) => [.. silos.Select(static silo => silo.Silo.Endpoint.Port)];

    private static Candidate Silo(int port, string region, Role role = Role.All) => new(
        SiloAddress.New(IPAddress.Loopback, port, 1), new Member($"m{port}", region, new Uri($"http://10.0.0.{port}:8080"), role, "1"));

    private static RoutingTable Table(params (string Name, RegionState State, int Share)[] regions) => RoutingTable.Empty with
    {
        Epoch = 1,
        Regions = [.. regions.Select(static region => new RegionEntry(region.Name, region.State, DateTimeOffset.UnixEpoch, "a test", region.Share))],
    };
}
