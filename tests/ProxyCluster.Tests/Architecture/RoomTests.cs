using System.Text.RegularExpressions;
using Microsoft.Extensions.Hosting;
using ProxyCluster.Joining;

namespace ProxyCluster.Tests.Architecture;

/// <summary>The shape of the house, of which the README has the map.</summary>
public sealed partial class RoomTests
{
    /// <summary>Who may know whom: each room those before it.</summary>
    private static readonly string[] Order =
    [
        "Configuration", "Files", "Outcomes", "Sockets", "Telemetry", "Joining", "Audit", "Credentials", "Routing", "Verification", "Rulings", "Storage", "Advisories", "Clustering", "Seals", "Placement", "Access", "Policy", "Gate",
        "Repositories", "Fetching", "Bills", "Lines", "Copies", "Failover", "Silos", "Queries", "Walk", "Grains", "Admin", "Http", "Hosting", "Demo", "Drills", "Cli",
    ];

    [Fact]
    public void Order_NamesEveryRoom() => Assert.Equal(RoomGraph.Rooms().Order(StringComparer.Ordinal), Order.Order(StringComparer.Ordinal));

    [Fact]
    public void Arrows_BetweenRooms_PointBackInTheOrder()
    {
        var against = RoomGraph.Arrows()
            .Where(static arrow => Array.IndexOf(Order, arrow.From) < Array.IndexOf(Order, arrow.To))
            .Select(static arrow => $"{arrow.From} knows {arrow.To}: {arrow.Where}")
            .Order(StringComparer.Ordinal)
            .ToList();

        Assert.True(against.Count == 0, string.Join('\n', against));
    }

    [Theory]
    [InlineData("Failover", "Lines", "ProxyCluster.Failover.RoundTrips")] // a parameter and a field
    [InlineData("Hosting", "Walk", "ProxyCluster.Hosting.ProxyHost.AddRooms")] // a call in a body
    [InlineData("Storage", "Joining", "ProxyCluster.Storage.Eviction.base")]
    [InlineData("Failover", "Routing", "Failover/FailoverRules.cs")] // by its word
    public void Arrows_ThatAreKnown_AreFound(string from, string to, string where) =>
        Assert.Contains(RoomGraph.Arrows(), arrow => (arrow.From, arrow.To) == (from, to) && arrow.Where.StartsWith(where, StringComparison.Ordinal));

    // Otherwise a connection that is reset as it opens surfaces as a SocketException, which nobody expects of an HTTP client.
    [Fact]
    public void HttpClients_OpenConnectionsOurWay()
    {
        var files = Directory.EnumerateFiles(RoomGraph.Sources(), "*.cs", SearchOption.AllDirectories)
            .Where(static file => MakesHandler().IsMatch(File.ReadAllText(file)))
            .ToList();

        Assert.InRange(files.Count, 7, 100);
        Assert.All(files, static file => Assert.Contains("ConnectCallback = ", File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public void BackgroundServices_AreLoopsThatGoOn() => Assert.DoesNotContain(
        typeof(HostedLoop).Assembly.GetTypes(),
        static type => type.IsAssignableTo(typeof(BackgroundService)) && !type.IsAssignableTo(typeof(HostedLoop)));

    [GeneratedRegex(@"new SocketsHttpHandler|SocketsHttpHandler \w+\(\) => new")]
    private static partial Regex MakesHandler();
}
