using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using System.Text;
using ProxyCluster.Routing;

namespace ProxyCluster.Tests.Routing;

/// <summary>A routing table on its way between members and stores.</summary>
public sealed class RoutingTableJsonTests
{
    // As it stands in cluster stores: written before the form had generated code.
    private const string Stored =
        """
        {"epoch":7,"regions":[{"name":"frankfurt","state":"recovering","since":"2026-01-02T03:01:00+00:00","reason":"back","share":40,"intent":null,"alert":"disk \u0022full\u0022","failures":2,"isCatchingUp":true,"isUsable":true},{"name":"tokyo","state":"drained","since":"2026-01-02T03:02:00+00:00","reason":"operator","share":100,"intent":{"kind":"drain","reason":"anna","who":"work","time":"2026-01-02T03:03:00+00:00","isDone":false},"alert":null,"failures":0,"isCatchingUp":false,"isUsable":false}],"failoverOrder":{"tokyo":["frankfurt"]},"authority":"silo-1","time":"2026-01-02T03:04:00+00:00","events":[{"id":9,"epoch":6,"time":"2026-01-02T03:05:00+00:00","kind":"alertOver","region":"tokyo","from":"suspect","to":"active","share":100,"reason":"\u003Cit\u003E","who":"silo-1"}],"toldUntil":8,"lastEventId":9}
        """;

    [Fact]
    public void Table_Written_IsWhatStoresHold() => Assert.Equal(Stored, Encoding.UTF8.GetString(RoutingTableJson.Write(Everything())));

    [Fact]
    public void Table_ReadFromAStore_SaysAllThatItSaid()
    {
        var read = RoutingTableJson.ReadOrNull(Encoding.UTF8.GetBytes(Stored));

        Assert.NotNull(read);
        Assert.Equal(Everything().Regions, read.Regions);
        Assert.Equal(Everything().Events, read.Events);
        Assert.Equal(["frankfurt"], read.FailoverOrder["tokyo"]);
        Assert.Equal(Stored, Encoding.UTF8.GetString(RoutingTableJson.Write(read)));
    }

    [Theory]
    [InlineData("""{"epoch":3,"regions":[],"failoverOrder":{},"authority":"a","time":"2026-01-02T03:04:05+00:00","soon":[1]}""", true)]
    [InlineData("""{"epoch":0,"regions":[],"failoverOrder":{},"authority":"a","time":"2026-01-02T03:04:05+00:00"}""", false)]
    [InlineData("""{"epoch":3,"regions":[{"name":"tokyo","state":1}],"failoverOrder":{},"authority":"a"}""", false)]
    [InlineData("""{"epoch":3,"regions":[{"name":"tokyo","state":"active"}],"failoverOrder":{},"authority":"a"}""", true)]
    [InlineData("""{"epoch":3,"authority":"a"}""", false)]
    [InlineData("""{"epoch":""", false)]
    [InlineData("null", false)]
    public void Text_Read_IsATableOrNone(string text, bool isTable) =>
        Assert.Equal(isTable, RoutingTableJson.ReadOrNull(Encoding.UTF8.GetBytes(text)) is not null);

    [Fact]
    public void NoTable_Read_ThrowsNothingOnTheWay()
    {
        // Every report says that there is no newer table, and so does every answer.
        var (here, thrown) = (Environment.CurrentManagedThreadId, 0);
        void Count(object? sender, FirstChanceExceptionEventArgs e) => thrown += Environment.CurrentManagedThreadId == here ? 1 : 0;

        AppDomain.CurrentDomain.FirstChanceException += Count;
        try
        {
            Assert.Null(RoutingTableJson.ReadOrNull([]));
            Assert.Null(RoutingTableJson.ReadOrNull(null));
        }
        finally
        {
            AppDomain.CurrentDomain.FirstChanceException -= Count;
        }

        Assert.Equal(0, thrown);
    }

    private static RoutingTable Everything() => new(
        7,
        [
            new("frankfurt", RegionState.Recovering, At(1), "back", 40) { Failures = 2, IsCatchingUp = true, Alert = "disk \"full\"" },
            new("tokyo", RegionState.Drained, At(2), "operator") { Intent = new(IntentKind.Drain, "anna", "work", At(3)) },
        ],
        ImmutableDictionary<string, ImmutableArray<string>>.Empty.Add("tokyo", ["frankfurt"]),
        "silo-1",
        At(4))
    {
        Events = [new(9, 6, At(5), RoutingEventKind.AlertOver, "tokyo", RegionState.Suspect, RegionState.Active, 100, "<it>", "silo-1")],
        ToldUntil = 8,
    };

    private static DateTimeOffset At(int minute) => new(2026, 1, 2, 3, minute, 0, TimeSpan.Zero);
}
