using ProxyCluster.Outcomes;
using ProxyCluster.Queries;

namespace ProxyCluster.Tests.Queries;

public class QueryFreshnessTests
{
    private static readonly DateTimeOffset Asked = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly QueryOptions Options = new()
    {
        FreshFor = TimeSpan.FromSeconds(60),
        StaleWhileRevalidate = TimeSpan.FromSeconds(600),
        StaleIfError = TimeSpan.FromSeconds(3600),
        NegativeFor = TimeSpan.FromSeconds(30),
        RetryPause = TimeSpan.FromSeconds(5),
    };

    [Theory]
    [InlineData(0, "Fresh")]
    [InlineData(59, "Fresh")]
    [InlineData(60, "Revalidate")]
    [InlineData(659, "Revalidate")]
    [InlineData(660, "Ask")]
    [InlineData(-1, "Ask")]
    public void Decide_AnswerOfAnAge_FollowsTheWindows(int seconds, string expected) =>
        Assert.Equal(expected, Decide(new QueryState(Answer, null, default), seconds));

    [Fact]
    public void Decide_NothingKnown_Asks() => Assert.Equal("Ask", Decide(QueryState.Empty, 0));

    [Theory]
    [InlineData(0, "Failed")]
    [InlineData(4, "Failed")]
    [InlineData(5, "Ask")]
    public void Decide_OutageWithoutAnAnswer_IsRememberedForThePause(int seconds, string expected) =>
        Assert.Equal(expected, Decide(new QueryState(null, Outage, Asked), seconds));

    [Theory]
    [InlineData(29, "Failed")]
    [InlineData(30, "Ask")]
    public void Decide_ProvenAbsence_IsRememberedLonger(int seconds, string expected) =>
        Assert.Equal(expected, Decide(new QueryState(null, Absent, Asked), seconds));

    [Fact]
    public void Decide_OutageWithAnOldAnswer_GivesTheOldAnswer() =>
        Assert.Equal("StaleAfterError", Decide(new QueryState(Answer, Outage, Asked.AddSeconds(3000)), 3001));

    [Fact]
    public void Decide_OutageWithAnAnswerOlderThanTheBound_Fails() =>
        Assert.Equal("Failed", Decide(new QueryState(Answer, Outage, Asked.AddSeconds(3600)), 3601));

    [Fact]
    public void Decide_ClockStepsBackAfterAFailure_AsksAgain() =>
        Assert.Equal("Ask", Decide(new QueryState(null, Outage, Asked), -3600));

    [Theory]
    [InlineData(59, "Fresh")]
    [InlineData(60, "StaleAfterError")]
    [InlineData(64, "StaleAfterError")]
    [InlineData(65, "Ask")]
    public void Decide_FailureBesideAnAnswer_CountsOnlyOnceTheAnswerIsNotFresh(int seconds, string expected) =>
        Assert.Equal(expected, Decide(new QueryState(Answer, Outage, Asked.AddSeconds(seconds < 60 ? seconds : 60)), seconds));

    private static QueryAnswer Answer { get; } = new([1], Asked, "test", null, null);

    private static Failure Outage { get; } = new(FailureKind.UpstreamUnavailable, "down");

    private static Failure Absent { get; } = new(FailureKind.NotFound, "no such module");

    private static string Decide(QueryState state, int seconds) =>
        QueryFreshness.Decide(state, Asked.AddSeconds(seconds), Options).ToString();
}
