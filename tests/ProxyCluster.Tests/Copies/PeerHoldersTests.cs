using System.Collections.Immutable;
using System.Globalization;
using ProxyCluster.Clustering;
using ProxyCluster.Copies;
using ProxyCluster.Routing;

namespace ProxyCluster.Tests.Copies;

public class PeerHoldersTests
{
    private static readonly ImmutableArray<Member> Everybody = [.. Enumerable.Range(0, 9).Select(i => new Member(
        $"m{i}", i % 3 == 0 ? "tokyo" : "frankfurt",
        new Uri(string.Create(CultureInfo.InvariantCulture, $"http://10.0.0.{i + 1}:8080")),
        i == 8 ? Role.FrontEnd : Role.All, "1"))];

    private static readonly ClusterView View = new(Everybody, RoutingTable.Empty);

    private static IEnumerable<string> Keys =>
        Enumerable.Range(0, 50).Select(i => string.Create(CultureInfo.InvariantCulture, $"example.com/m{i}@v1.0.0"));

    [Fact]
    public void Before_OfTheOwner_IsNobodyAndOfTheOthersTheOwnerComesFirst()
    {
        foreach (var key in Keys)
        {
            var owners = OwnerOrder.For(key, View);
            Assert.Empty(PeerHolders.Before(key, owners[0], View));
            Assert.All(owners.Skip(1), other => Assert.Equal(owners[0], PeerHolders.Before(key, other, View).First()));
        }
    }

    [Fact]
    public void Before_OfAnyTwo_ExactlyOneIsAsked()
    {
        foreach (var key in Keys)
        {
            foreach (var one in Everybody[..8])
            {
                foreach (var two in Everybody[..8].Where(member => member != one))
                    Assert.NotEqual(PeerHolders.Before(key, one, View).Contains(two), PeerHolders.Before(key, two, View).Contains(one));
            }
        }
    }

    [Fact]
    public void Before_NeverNamesAFrontEnd_WhichStoresNothing() => Assert.All(Keys, key =>
        Assert.All(Everybody[..8], member => Assert.DoesNotContain(Everybody[8], PeerHolders.Before(key, member, View))));
}
