using ProxyCluster.Audit;

namespace ProxyCluster.Tests.Audit;

public sealed class AuditFilterTests
{
    private static readonly AuditAddresses Plain = new(null);

    private static readonly AuditLine Line = new(7, new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero), "allow")
    {
        Module = "example.com/lib",
        Version = "v1.2.3",
        Artifact = "zip",
        Address = "10.1.2.3",
        Subject = "ci",
        Namespace = "team",
        Build = "4711",
    };

    [Theory]
    [InlineData("", true)]
    [InlineData("module=example.com/lib", true)]
    [InlineData("module=example.com/lib@v1.2.3", true)]
    [InlineData("module=example.com/lib@v1.2.4", false)]
    [InlineData("module=example.com/li", false)]
    [InlineData("module=example.com/*", true)]
    [InlineData("version=v1.2.3", true)]
    [InlineData("client=10.1.2.3", true)]
    [InlineData("client=10.1.2.4", false)]
    [InlineData("client=10.1.0.0/16", true)]
    [InlineData("client=10.2.0.0/16", false)]
    [InlineData("client=ci", true)]
    [InlineData("client=team", true)]
    [InlineData("client=4711", true)]
    [InlineData("decision=block,allow", true)]
    [InlineData("decision=block", false)]
    [InlineData("since=2026-03-04T05:06:07Z", true)]
    [InlineData("since=2026-03-04T05:06:08Z", false)]
    [InlineData("until=2026-03-04T05:06:07Z", false)]
    [InlineData("until=2026-03-04T05:06:08Z", true)]
    public void Filter_TakesWhatItSays(string said, bool isTaken)
    {
        var filter = Read(said);
        Assert.Equal(isTaken, filter.Matcher(Plain)(Line));
        Assert.Equal(filter, Read(filter.Write()));
    }

    [Fact]
    public void Filter_WithoutDecision_LeavesOutTheLogsOwnLines()
    {
        Assert.False(Read("").Matcher(Plain)(Line with { Event = "start" }));
        Assert.True(Read("decision=start").Matcher(Plain)(Line with { Event = "start" }));
        Assert.True(Read("").Matcher(Plain)(Line with { Event = "lost" }));
    }

    [Theory]
    [InlineData("decision=blocked")]
    [InlineData("since=yesterday")]
    public void Filter_Wrong_IsSaid(string said) => Assert.NotNull(AuditFilter.ReadOrFault(name => Find(said, name), out _));

    private static AuditFilter Read(string said)
    {
        Assert.Null(AuditFilter.ReadOrFault(name => Find(said, name), out var filter));
        return filter;
    }

    private static string? Find(string said, string name) => said.Split('&').Select(static part => part.Split('=', 2)).Where(part => part[0] == name).Select(static part => Uri.UnescapeDataString(part[1])).FirstOrDefault();
}
