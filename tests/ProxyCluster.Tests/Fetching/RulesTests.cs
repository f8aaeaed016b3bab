using System.Text;
using ProxyCluster.Fetching;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Tests.Fetching;

public sealed class RulesTests
{
    private static readonly TimeSpan Now = TimeSpan.FromHours(1);
    private static readonly UpstreamsOptions Options = new();
    private static readonly BreakerState Closed = new(BreakerPosition.Closed, Now, Now);

    private static FailedRequest Failure(string module) => new(module, Now, HadNoConnection: false, WasProbe: false, "down");

    [Fact]
    public void Breaker_AfterThreeFailures_OpensAndProbesWithGrowingBoundedPauses()
    {
        var state = Closed;
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(BreakerPosition.Closed, state.Position);
            state = BreakerRules.Failed(state, Failure($"m{i}"), Now, Options);
        }

        var (now, pauses) = (Now, new List<double>());
        for (var i = 0; i < 7; i++)
        {
            Assert.Equal(BreakerPosition.Open, state.Position);
            pauses.Add((state.ProbeAt - now).TotalSeconds);
            Assert.Equal(state.ProbeAt - now, BreakerRules.Ask(state, now).Refusal);

            now = state.ProbeAt;
            var (probing, isProbe, refusal) = BreakerRules.Ask(state, now);
            Assert.True(isProbe && refusal is null && probing.Position is BreakerPosition.HalfOpen);
            Assert.NotNull(BreakerRules.Ask(probing, now).Refusal);
            state = BreakerRules.Failed(probing, Failure("m") with { WasProbe = true }, now, Options);
        }

        Assert.Equal([5, 10, 20, 40, 80, 120, 120], pauses);
        var closed = BreakerRules.Alive(BreakerRules.Ask(state, state.ProbeAt).Next, state.ProbeAt);
        Assert.Equal((BreakerPosition.Closed, 0, 0), (closed.Position, closed.ConsecutiveFailures, closed.Openings));
    }

    [Fact]
    public void Breaker_WithASignOfLifeInBetween_StartsCountingAgain()
    {
        var state = Closed;
        for (var i = 0; i < 10; i++)
            state = BreakerRules.Alive(BreakerRules.Failed(BreakerRules.Failed(state, Failure("a"), Now, Options), Failure("b"), Now, Options), Now);
        Assert.Equal((BreakerPosition.Closed, 0), (state.Position, state.ConsecutiveFailures));
    }

    [Theory]
    [InlineData("a", "a", "a", 0, BreakerPosition.Closed)] // one module, however often
    [InlineData("a", "b", "a", 0, BreakerPosition.Closed)]
    [InlineData("a", "b", "c", 0, BreakerPosition.Open)]
    [InlineData("a", "a", "a", 3, BreakerPosition.Open)] // no connection, whatever for
    [InlineData("a", "b", "b", 1, BreakerPosition.Closed)] // "a" had no connection: with "b" that makes two
    [InlineData("a", "b", "c", 1, BreakerPosition.Open)]
    internal void Breaker_OnFailures_CountsModulesAndMissingConnections(
        string first, string second, string third, int withoutConnection, BreakerPosition expected)
    {
        var state = Closed;
        foreach (var (index, module) in new[] { first, second, third }.Index())
            state = BreakerRules.Failed(state, Failure(module) with { HadNoConnection = index < withoutConnection }, Now, Options);
        Assert.Equal((expected, 3), (state.Position, state.ConsecutiveFailures));
    }

    [Fact]
    public void Breaker_OnFailuresThatBeganBeforeTheLastSignOfLife_StaysClosed()
    {
        var state = BreakerRules.Alive(Closed, Now);
        for (var i = 0; i < 5; i++)
            state = BreakerRules.Failed(state, Failure($"m{i}") with { Began = Now - TimeSpan.FromSeconds(1) }, Now, Options);
        Assert.Equal(BreakerPosition.Closed, state.Position);
    }

    [Fact]
    public void Breaker_WhenAProbeIsAbandoned_LetsTheNextOneThrough()
    {
        var open = Closed with { Position = BreakerPosition.Open, Openings = 1, ProbeAt = Now };
        var probing = BreakerRules.Ask(open, Now).Next;
        Assert.True(BreakerRules.Ask(BreakerRules.Abandoned(probing, isProbe: true), Now).IsProbe);
        Assert.False(BreakerRules.Ask(BreakerRules.Abandoned(probing, isProbe: false), Now).IsProbe);
    }

    [Fact]
    public void Breaker_WhenLateFailuresArriveWhileProbing_KeepsTheProbe()
    {
        var probing = BreakerRules.Ask(Closed with { Position = BreakerPosition.Open, Openings = 1, ProbeAt = Now }, Now).Next;
        Assert.Equal(BreakerPosition.HalfOpen, BreakerRules.Failed(probing, Failure("late"), Now, Options).Position);
    }

    [Theory]
    [InlineData(1, 0.5, null, 0.1)]
    [InlineData(2, 0.5, null, 0.2)]
    [InlineData(1, 0.5, 3.0, 3.0)]
    [InlineData(1, 0.0, null, 0.0)]
    [InlineData(3, 0.5, null, null)]
    [InlineData(1, 0.5, 11.0, null)]
    public void Retry_AfterAPassingFault_WaitsWithFullJitterAndHonoursRetryAfter(int tries, double random, double? retryAfter, double? expected)
    {
        var fault = UpstreamFault.Passing(FailureKind.UpstreamUnavailable, "x", retryAfter is { } s ? TimeSpan.FromSeconds(s) : null);
        Assert.Equal(expected, RetryRules.PauseOrNull(fault, tries, random, Options)?.TotalSeconds);
    }

    [Fact]
    public void Retry_ForManyTries_StaysUnderItsBound() => Assert.Equal(
        Options.MaxBackoff,
        RetryRules.PauseOrNull(UpstreamFault.Passing(FailureKind.UpstreamUnavailable, "x"), 10, 1.0, new UpstreamsOptions { Retries = 10 }));

    [Fact]
    public void Retry_AfterAFinalFault_DoesNotHappen() =>
        Assert.Null(RetryRules.PauseOrNull(UpstreamFault.Final(FailureKind.NotFound, "x"), 1, 0.5, Options));

    [Theory]
    [InlineData("NotFound", "NotFound")]
    [InlineData("Gone", "Gone")]
    [InlineData("Gone,NotFound", "NotFound")]
    [InlineData("NotFound,Gone", "NotFound")]
    [InlineData("Gone,Gone", "Gone")]
    [InlineData("UpstreamUnavailable,NotFound", "UpstreamUnavailable")]
    [InlineData("NotFound,UpstreamTimeout", "UpstreamTimeout")]
    [InlineData("UpstreamUnavailable,UpstreamTimeout", "UpstreamTimeout")]
    [InlineData("NotFound,Blocked", "Blocked")]
    [InlineData("NotFound,NotSupported", "NotSupported")]
    [InlineData("UpstreamUnavailable,Blocked", "UpstreamUnavailable")]
    [InlineData("UpstreamInvalid,UpstreamUnavailable,NotFound", "UpstreamInvalid")]
    [InlineData("ChecksumMismatch,UpstreamInvalid,NotFound", "ChecksumMismatch")]
    public void Choice_AmongFailures_ReportsAbsenceOnlyWhenAllSaidSo(string kinds, string expected)
    {
        var failures = kinds.Split(',').Select((k, i) => ($"u{i}", new Failure(Enum.Parse<FailureKind>(k), $"sentence {i}"))).ToList();
        Assert.Equal(Enum.Parse<FailureKind>(expected), FailureChoice.MostUseful(failures).Kind);
    }

    [Fact]
    public void Choice_AmongSeveral_NamesTheOthers()
    {
        var chosen = FailureChoice.MostUseful([
            ("https://a", new Failure(FailureKind.UpstreamUnavailable, "a is down", TimeSpan.FromSeconds(7))),
            ("https://b", new Failure(FailureKind.NotFound, "not found: x")),
        ]);
        Assert.Equal("a is down\n(https://b: not-found)", chosen.Message);
        Assert.Equal(TimeSpan.FromSeconds(7), chosen.RetryAfter);
    }

    [Theory]
    [InlineData("not found: x\n", "not found: x")]
    [InlineData("\n\n  \nfirst\n\tsecond\n\nthird", "first\n second")]
    [InlineData("1\r\n2\r\n3\n4\n5\n6\n7", "1\n2\n3\n4\n5\n6")]
    [InlineData("bell \a", null)]
    [InlineData("\u001b[31mred", null)]
    [InlineData("", null)]
    [InlineData(" \n ", null)]
    public void ErrorText_OfAnUpstream_IsClippedToWhatMayBeShown(string body, string? expected) =>
        Assert.Equal(expected, UpstreamErrorText.ClipOrNull(Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void ErrorText_CutWithinACharacter_StaysValid()
    {
        for (var pad = 0; pad < 4; pad++)
        {
            var body = Encoding.UTF8.GetBytes(new string('a', pad) + string.Concat(Enumerable.Repeat("日", 300)));
            Assert.StartsWith(new string('a', pad) + "日", UpstreamErrorText.ClipOrNull(body.AsSpan(0, 500)), StringComparison.Ordinal);
        }

        Assert.Null(UpstreamErrorText.ClipOrNull([0xFF, 0xFE, 0x41]));
    }

    [Fact]
    public void BodyLimits_AtOneBytePerSecond_RunOutSoonAfterTheSlowStart()
    {
        var limits = Options.BodyLimitsOf(ChainFixture.Zip);
        var (bytes, waited) = (0L, TimeSpan.Zero);
        while (limits.ForNextRead(bytes, waited).Time > TimeSpan.FromSeconds(1))
            (bytes, waited) = (bytes + 1, waited + TimeSpan.FromSeconds(1));
        Assert.InRange(waited.TotalSeconds, 8, 10);
        Assert.Equal(UpstreamReadLimitKind.Rate, limits.ForNextRead(bytes, waited).Kind);
        Assert.Equal(UpstreamReadLimitKind.Idle, limits.ForNextRead(1 << 28, waited).Kind);
        Assert.Equal(UpstreamReadLimitKind.Total, limits.ForNextRead(1L << 40, limits.Total - TimeSpan.FromSeconds(1)).Kind);
    }

    [Fact]
    public void Resource_InUrlAndTree_IsEscapedForEach()
    {
        var zip = UpstreamResource.Artifact(ChainFixture.ParseVersion("github.com/Azure/x", "v2.0.0-RC1+incompatible"), ArtifactKind.Zip);
        Assert.Equal("github.com/!azure/x/@v/v2.0.0-!r!c1+incompatible.zip", zip.TreePath);
        Assert.Equal("github.com/%21azure/x/@v/v2.0.0-%21r%21c1+incompatible.zip", zip.UrlPath);
        Assert.Equal("zip", zip.Label);
        Assert.True(VersionQuery.TryParse(ChainFixture.Mux.Path, "a b#c%", out var query, out var error), error);
        Assert.Equal("github.com/gorilla/mux/@v/a%20b%23c%25.info", UpstreamResource.Query(query).UrlPath);
        Assert.Equal("github.com/gorilla/mux/@v/list", UpstreamResource.List(ChainFixture.Mux.Path).UrlPath);
        Assert.Equal("github.com/gorilla/mux/@latest", UpstreamResource.Latest(ChainFixture.Mux.Path).UrlPath);
    }
}
