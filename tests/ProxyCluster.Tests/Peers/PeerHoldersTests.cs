using System.Collections.Immutable;
using System.Globalization;
using ProxyCluster.Clustering;
using ProxyCluster.Peers;
using ProxyCluster.Routing;

namespace ProxyCluster.Tests.Peers;

public class PeerHoldersTests
{
    private static readonly ImmutableArray<Member> Everybody = [.. Enumerable.Range(0, 9).Select(i => new Member(
        $"m{i}", i % 3 == 0 ? "tokyo" : "frankfurt",
        new Uri(string.Create(CultureInfo.InvariantCulture, $"http://10.0.0.{i + 1}:8080")),
        i == 8 ? Role.FrontEnd : Role.All, "1"))];

    private static ImmutableArray<Member> Silos => Everybody[..8];

    [Fact]
    public void Before_OfAnyTwo_ExactlyOneComesFirst_WhateverElseEachOfThemSees()
    {
        var random = new Random(7);
        for (var i = 0; i < 200; i++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"example.com/m{i}@v1.0.0");
            var pair = Silos.OrderBy(_ => random.Next()).Take(2).ToArray();
            var firstSees = Some(pair);
            var secondSees = Some(pair);
            Assert.NotEqual(
                PeerHolders.Before(key, pair[0], firstSees).Contains(pair[1]),
                PeerHolders.Before(key, pair[1], secondSees).Contains(pair[0]));
        }

        ClusterView Some(Member[] atLeast) => new(
            [.. Everybody.Where(member => atLeast.Contains(member) || random.Next(2) == 0)], RoutingTable.Empty);
    }

    [Fact]
    public void Before_OfTheFirst_IsNobody()
    {
        var view = new ClusterView(Everybody, RoutingTable.Empty);
        var counts = Silos.Select(member => PeerHolders.Before("example.com/m@v1.0.0", member, view).Count()).Order();
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], counts);
    }

    [Fact]
    public void Before_AfterARestart_IsTheSame()
    {
        var again = Silos[3] with { Id = "another life" };
        var view = new ClusterView(Everybody, RoutingTable.Empty);
        var later = new ClusterView(Everybody.Replace(Silos[3], again), RoutingTable.Empty);
        for (var i = 0; i < 50; i++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"example.com/m{i}@v1.0.0");
            Assert.Equal(PeerHolders.Before(key, Silos[3], view), PeerHolders.Before(key, again, later));
        }
    }

    [Fact]
    public void Before_NeverNamesAFrontEnd_WhichStoresNothing()
    {
        var view = new ClusterView(Everybody, RoutingTable.Empty);
        for (var i = 0; i < 50; i++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"example.com/m{i}@v1.0.0");
            Assert.DoesNotContain(Silos, member => PeerHolders.Before(key, member, view).Contains(Everybody[8]));
        }
    }
}
