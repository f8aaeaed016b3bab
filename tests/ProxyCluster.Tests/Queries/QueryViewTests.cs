using System.Text;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Queries;

namespace ProxyCluster.Tests.Queries;

public class QueryViewTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Bridge = TimeSpan.FromSeconds(30);
    private static readonly Query List = new(ModulePath.Parse("example.com/a"), QueryKind.List);

    [Fact]
    public void List_FromUpstream_IsSortedAndRidOfPseudoVersionsAndJunk() => Assert.Equal(
        "v1.2.0-rc.1\nv1.2.0\nv1.10.0\n",
        Text(QueryView.Kept(List, "v1.10.0\nv1.2.0\nmaster\nv0.0.0-20200101000000-abcdefabcdef\nv1.2.0-rc.1 2020-01-01T00:00:00Z\n"u8.ToArray())));

    [Fact]
    public void List_WithIncompatibleVersions_KeepsThem() =>
        Assert.Equal("v1.0.0\nv2.0.0+incompatible\n", Text(QueryView.Kept(List, "v2.0.0+incompatible\nv1.0.0\nv3.0.0\n"u8.ToArray())));

    [Theory]
    [InlineData(QueryKind.Latest)]
    [InlineData(QueryKind.Revision)]
    public void AnythingElse_IsKeptAndServedAsItCame(QueryKind kind)
    {
        var query = List with { Kind = kind };
        var before = Of("{\"Version\":\"v1.1.0\"}", 0);
        var newest = Of("{ \"Version\": \"v1.0.0\" }", 1);
        Assert.Same(newest.Body, QueryView.Kept(query, newest.Body));
        Assert.Same(newest, QueryView.Newest(query, before, newest, Bridge));
        Assert.Same(newest.Body, QueryView.Served(query, newest, ["v2.0.0"]));
    }

    [Theory]
    [InlineData(29, "v1.0.0\nv1.1.0\nv1.2.0\n")]
    [InlineData(30, "v1.0.0\nv1.2.0\n")]
    public void Version_ThatTheNewestLacks_IsBridgedFromWhenItWasLastNamed(int seconds, string expected)
    {
        // Answers in between that lack it too do not move the time.
        var answer = QueryView.Newest(List, Of("v1.0.0\nv1.1.0\n", 0), Of("v1.0.0\n", 10), Bridge);
        Assert.Equal("v1.0.0\nv1.1.0\n", Text(QueryView.Served(List, answer, [])));
        answer = QueryView.Newest(List, answer, Of("v1.0.0\nv1.2.0\n", seconds), Bridge);
        Assert.Equal(expected, Text(QueryView.Served(List, answer, [])));
        Assert.Equal("v1.0.0\nv1.2.0\n", Text(answer.Body));
    }

    [Fact]
    public void Version_ThatIsNamedAgain_IsNotBridgedAnyMoreAndAsNew()
    {
        var answer = QueryView.Newest(List, Of("v1.0.0\nv1.1.0\n", 0), Of("v1.0.0\n", 10), Bridge);
        answer = QueryView.Newest(List, answer, Of("v1.0.0\nv1.1.0\n", 20), Bridge);
        Assert.Null(answer.Bridged);
        answer = QueryView.Newest(List, answer, Of("v1.0.0\n", 49), Bridge);
        Assert.Equal("v1.0.0\nv1.1.0\n", Text(QueryView.Served(List, answer, [])));
    }

    [Fact]
    public void Version_LastNamedByAClockThatWasAhead_IsBridgedFromNow()
    {
        var answer = QueryView.Newest(List, Of("v1.1.0\n", 86_400), Of("v1.0.0\n", 0), Bridge);
        Assert.Equal([KeyValuePair.Create("v1.1.0", Noon)], answer.Bridged!);
    }

    [Theory]
    [InlineData(29, "")]
    [InlineData(30, "v1.1.0 v1.0.0")]
    public void Lost_WhenABridgeEnds_AreThoseThatWereNamedOrBridged(int seconds, string expected)
    {
        // The last one is named by the answer before, and bridged from then on.
        var known = QueryView.Newest(List, Of("v1.0.0\nv1.1.0\n", 0), Of("v1.2.0\n", 10), Bridge);
        Assert.Equal(
            expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal),
            QueryView.Lost(List, known, Of("v1.3.0\n", seconds), Bridge).Order(StringComparer.Ordinal));
        Assert.Empty(QueryView.Lost(List with { Kind = QueryKind.Latest }, known, Of("v1.3.0\n", seconds), Bridge));
        Assert.Empty(QueryView.Lost(List, null, Of("v1.3.0\n", seconds), Bridge));
    }

    [Fact]
    public void Bridging_OfALostVersion_ListsItForAnotherWhile()
    {
        var known = QueryView.Newest(List, Of("v1.0.0\nv1.1.0\n", 0), Of("v1.0.0\n", 10), Bridge);
        var answer = QueryView.Newest(List, known, QueryView.Bridging(Of("v1.0.0\n", 40), ["v1.1.0"]), Bridge);
        Assert.Equal([KeyValuePair.Create("v1.1.0", Noon.AddSeconds(40))], answer.Bridged!);
        Assert.Equal("v1.0.0\nv1.1.0\n", Text(QueryView.Served(List, QueryView.Newest(List, answer, Of("v1.0.0\n", 69), Bridge), [])));
        var same = Of("v1.0.0\n", 0);
        Assert.Same(same, QueryView.Bridging(same, []));
    }

    [Fact]
    public void Served_WithStoredVersions_ListsThemOnce() =>
        Assert.Equal("v1.0.0\nv1.1.0\n", Text(QueryView.Served(List, Of("v1.0.0\n", 0), ["v1.1.0", "v1.0.0"])));

    [Fact]
    public void Served_WithNothingElse_IsTheSameBytes()
    {
        var answer = Of("v1.0.0\n", 0);
        Assert.Same(answer.Body, QueryView.Served(List, answer, []));
    }

    [Theory]
    [InlineData("v1.1.0", true)]
    [InlineData("v1.1", false)]
    [InlineData("v2.0.0", false)]
    [InlineData("v0.0.0-20200101000000-abcdefabcdef", false)]
    public void IsKept_OfABridgedVersion_TakesTaggedOnesOnly(string version, bool expected) => Assert.Equal(
        expected, QueryView.IsKept(List, Of("v1.0.0\n", 0) with { Bridged = new Dictionary<string, DateTimeOffset> { [version] = Noon } }));

    private static QueryAnswer Of(string body, int seconds) =>
        new(Encoding.UTF8.GetBytes(body), Noon.AddSeconds(seconds), "test", null, null);

    private static string Text(byte[] body) => Encoding.UTF8.GetString(body);
}
