using System.Text;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;
using ProxyCluster.Queries;

namespace ProxyCluster.Tests.Queries;

/// <summary>What is known after two pieces of news, in either order.</summary>
public class QueryStateTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly TimeSpan Bridge = TimeSpan.FromSeconds(30);

    private static readonly Query List = new(ModulePath.Parse("example.com/a"), QueryKind.List);
    private static readonly Query Latest = List with { Kind = QueryKind.Latest };
    private static readonly Query Branch = new(ModulePath.Parse("example.com/a"), QueryKind.Revision, "main");

    [Fact]
    public void Learn_NothingKnown_KeepsWhatWasTold()
    {
        var state = QueryState.Empty.Learn(Branch, Told(Info("v1.0.0"), 0, "\"tag\""), At(0), Bridge);
        Assert.Equal((Info("v1.0.0"), At(0), "\"tag\""), (Text(state), state.Answer!.AskedAt, state.Answer.ETag));
    }

    [Theory]
    [InlineData(0, "v1.1.0")] // newer
    [InlineData(10, "v1.1.0")] // of the same moment: whoever tells it last
    [InlineData(11, "v1.0.0")]
    public void Learn_BranchTwice_KeepsTheOneThatUpstreamConfirmedLast(int knownAt, string expected)
    {
        var state = Known(Branch, Info("v1.0.0"), knownAt).Learn(Branch, Told(Info("v1.1.0"), 10), At(20), Bridge);
        Assert.Equal(Info(expected), Text(state));
        Assert.Equal(At(Math.Max(knownAt, 10)), state.Answer!.AskedAt);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    public void Learn_TwoLists_KeepsTheNewerAndBridgesWhatItLacks(int knownAt)
    {
        var state = Known(List, "v1.0.0\n", knownAt, "\"known\"").Learn(List, Told("v1.1.0\n", 10, "\"told\""), At(20), Bridge);
        var (named, etag, bridged) = knownAt > 10 ? ("v1.0.0\n", "\"known\"", "v1.1.0") : ("v1.1.0\n", "\"told\"", "v1.0.0");
        Assert.Equal((named, At(Math.Max(knownAt, 10)), etag), (Text(state), state.Answer!.AskedAt, state.Answer.ETag));
        Assert.Equal([KeyValuePair.Create(bridged, At(Math.Min(knownAt, 10)))], state.Answer.Bridged!);
    }

    [Theory]
    [InlineData(0, "v1.1.0")]
    [InlineData(15, "v1.2.0")]
    public void Learn_TwoLatest_KeepsTheNewerAnswer(int knownAt, string expected)
    {
        var state = Known(Latest, Info("v1.2.0"), knownAt).Learn(Latest, Told(Info("v1.1.0"), 10), At(20), Bridge);
        Assert.Equal((Info(expected), At(Math.Max(knownAt, 10))), (Text(state), state.Answer!.AskedAt));
    }

    [Fact]
    public void Learn_NotModifiedOfWhatWasKnownBefore_GivesWayToWhatIsConfirmedLater()
    {
        // A task asked with the first answer's validators; another learned the second meanwhile.
        var before = Told(Info("v1.0.0"), 0, "\"first\"");
        var state = Known(Branch, Info("v1.1.0"), 12);
        Assert.Equal(Info("v1.1.0"), Text(state.Learn(Branch, before with { AskedAt = At(11) }, At(13), Bridge)));
        Assert.Equal(Info("v1.0.0"), Text(state.Learn(Branch, before with { AskedAt = At(13) }, At(13), Bridge)));
    }

    [Fact]
    public void Learn_KnownAnswerOfAClockThatWasAhead_ReplacesIt()
    {
        var state = Known(Branch, Info("v1.0.0"), 3600).Learn(Branch, Told(Info("v1.1.0"), 10), At(10), Bridge);
        Assert.Equal((Info("v1.1.0"), At(10)), (Text(state), state.Answer!.AskedAt));
    }

    [Fact]
    public void Learn_AfterAFailure_ForgetsIt()
    {
        var state = QueryState.Empty.Fail(Absent, At(0), At(1), Bridge).Learn(List, Told("v1.0.0\n", 2), At(2), Bridge);
        Assert.Null(state.Failure);
    }

    [Fact]
    public void Fail_NothingKnown_IsRemembered()
    {
        var state = QueryState.Empty.Fail(Absent, At(0), At(1), Bridge);
        Assert.Equal((null, Absent, At(1)), (state.Answer, state.Failure, state.FailedAt));
    }

    [Theory]
    [InlineData(9, true)] // older than the attempt
    [InlineData(10, false)] // upstream answered somebody since
    [InlineData(20, false)]
    [InlineData(21, true)] // of a clock that has been set back
    public void Fail_WithAnAnswer_NeverReplacesItAndCountsOnlyIfItIsNewer(int knownAt, bool counts)
    {
        var known = Known(List, "v1.0.0\n", knownAt);
        var state = known.Fail(Outage, began: At(10), At(20), Bridge);
        Assert.Same(known.Answer, state.Answer);
        Assert.Equal(counts ? Outage : null, state.Failure);
    }

    [Theory]
    [InlineData(29, true)]
    [InlineData(30, false)]
    [InlineData(-1, false)] // a clock that has been set back
    public void Fail_UpstreamTookItBack_KeepsTheAnswerWhileItIsBridged(int seconds, bool isKept)
    {
        var known = Known(List, "v1.0.0\n", 0) with { Served = new ServedBody([], "tag", 1) };
        var state = known.Fail(Absent, began: At(Math.Max(seconds, 1)), At(seconds), Bridge);
        Assert.Equal((isKept ? known.Answer : null, isKept ? known.Served : null, Absent), (state.Answer, state.Served, state.Failure));
    }

    [Fact]
    public void Learn_AnotherAnswer_ForgetsWhatClientsSawOfTheOldOne()
    {
        var known = Known(List, "v1.0.0\n", 0) with { Served = new ServedBody([], "tag", 1) };
        Assert.Null(known.Learn(List, Told("v1.0.0\n", 1), At(1), Bridge).Served);
    }

    [Fact]
    public void Weight_OfAnythingHeld_CountsIt()
    {
        var bare = Known(List, "", 0).Weight;
        Assert.Equal(bare + 7, Known(List, "v1.0.0\n", 0).Weight);
        Assert.Equal(bare + 10, Known(List, "", 0, "\"tag\"").Weight);
        var known = Known(List, "v1.0.0\n", 0);
        Assert.Equal(bare + 7, (known with { Served = new ServedBody(known.Answer!.Body, "tag", 1) }).Weight);
        Assert.Equal(bare + 107, (known with { Served = new ServedBody(new byte[100], "tag", 1) }).Weight);
        Assert.InRange(known.Learn(List, Told("", 1), At(1), Bridge).Weight, bare + 50, bare + 200);
        Assert.Equal(bare + 16_000, (Known(List, "", 0) with { Failure = new Failure(FailureKind.NotFound, new string('x', 8000)) }).Weight);
    }

    private static Failure Absent { get; } = new(FailureKind.NotFound, "no such module");

    private static Failure Outage { get; } = new(FailureKind.UpstreamUnavailable, "down");

    private static DateTimeOffset At(int seconds) => Noon.AddSeconds(seconds);

    private static string Info(string version) => $"{{\"Version\":\"{version}\"}}";

    private static QueryAnswer Told(string body, int at, string? etag = null) => new(Encoding.UTF8.GetBytes(body), At(at), "test", etag, null);

    private static QueryState Known(Query query, string body, int at, string? etag = null) =>
        QueryState.Empty.Learn(query, Told(body, at, etag), At(at), Bridge);

    private static string Text(QueryState state) => Encoding.UTF8.GetString(state.Answer!.Body);
}
