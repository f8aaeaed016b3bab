using System.Collections.Immutable;
using ProxyCluster.Failover.DnsUpdates;
using ProxyCluster.Routing;

namespace ProxyCluster.Tests.Failover.DnsUpdates;

public sealed class DnsPlanTests
{
    private static readonly DnsOptions Options = new()
    {
        All = "ALL.go.example.",
        Regions =
        [
            new() { Region = "frankfurt", Name = "f.go.example", Addresses = ["10.1.0.1"] },
            new() { Region = "sanjose", Addresses = ["10.2.0.1"] },
            new() { Region = "tokyo", Name = "t.go.example", Addresses = ["10.0.0.1", "fd00::1"] },
        ],
    };

    [Theory]
    [InlineData("frankfurt active, sanjose active, tokyo active", "f = 10.1.0.1; t = 10.0.0.1, fd00::1; all = 10.1.0.1, 10.2.0.1, 10.0.0.1, fd00::1")]
    [InlineData("frankfurt active, sanjose suspect, tokyo failed", "f = 10.1.0.1; t = 10.2.0.1; all = 10.1.0.1, 10.2.0.1")] // by the order
    [InlineData("frankfurt active, sanjose failed, tokyo drained", "f = 10.1.0.1; t = 10.1.0.1; all = 10.1.0.1")] // the next in it
    [InlineData("frankfurt failed, sanjose active, tokyo recovering", "f = 10.2.0.1; t = 10.0.0.1, fd00::1; all = 10.2.0.1, 10.0.0.1, fd00::1")] // no order: by name
    [InlineData("frankfurt active, sanjose active", "f = 10.1.0.1; t = 10.2.0.1; all = 10.1.0.1, 10.2.0.1")] // tokyo is forgotten
    [InlineData("frankfurt failed, sanjose failed, tokyo failed", "f = 10.1.0.1; t = 10.0.0.1, fd00::1; all = 10.1.0.1, 10.2.0.1, 10.0.0.1, fd00::1")] // nobody is left
    public void Of_Table_IsWhereClientsShouldGo(string regions, string expected)
    {
        var table = RoutingTable.Empty with
        {
            Epoch = 5,
            Regions = [.. regions.Split(", ").Select(static one => new RegionEntry(one.Split(' ')[0], Enum.Parse<RegionState>(one.Split(' ')[1], true), default, "a test"))],
            FailoverOrder = ImmutableDictionary<string, ImmutableArray<string>>.Empty.Add("tokyo", ["sanjose", "frankfurt"]),
        };

        Assert.Equal(expected, string.Join("; ", DnsPlan.Of(table, Options)).Replace(".go.example", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_NoTableYet_IsNothing() => Assert.Empty(DnsPlan.Of(RoutingTable.Empty, Options));
}
