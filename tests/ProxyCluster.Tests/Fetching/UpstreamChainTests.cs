using System.Diagnostics;
using ProxyCluster.Fetching;
using ProxyCluster.Outcomes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Tests.Fetching;

public sealed class UpstreamChainTests : IAsyncLifetime
{
    private readonly UpstreamServer _a = UpstreamServer.Start();
    private readonly UpstreamServer _b = UpstreamServer.Start();

    public ValueTask InitializeAsync()
    {
        _a.Put(ChainFixture.ZipPath, "from a");
        _b.Put(ChainFixture.ZipPath, "from b");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Theory]
    [InlineData(",", 404, true)]
    [InlineData(",", 410, true)]
    [InlineData(",", 400, false)]
    [InlineData(",", 401, false)]
    [InlineData(",", 403, false)]
    [InlineData(",", 429, false)]
    [InlineData(",", 500, false)]
    [InlineData(",", 503, false)]
    [InlineData(",", 204, false)]
    [InlineData("|", 404, true)]
    [InlineData("|", 401, true)]
    [InlineData("|", 403, true)]
    [InlineData("|", 429, true)]
    [InlineData("|", 500, true)]
    [InlineData("|", 204, true)]
    public async Task Separator_AfterAFailure_PassesOnAsGoDoes(string separator, int status, bool passes)
    {
        _a.Faults.Always("*", Fault.Status(status));
        using var fixture = new ChainFixture(_a.Url + separator + _b.Url);
        var outcome = await fixture.FetchAsync();
        Assert.Equal(passes, outcome.Failure is null);
        Assert.Equal(passes ? 1 : 0, _b.TotalRequests);
    }

    [Fact]
    public async Task First_ThatAnswers_IsTheOnlyOneAsked()
    {
        using var fixture = new ChainFixture($"{_a.Url}|{_b.Url}");
        Assert.Equal("from a", (await fixture.FetchAsync()).Value);
        Assert.Equal(0, _b.TotalRequests);
    }

    [Theory]
    [InlineData("|")]
    [InlineData(",")]
    public async Task Outage_BeforeA404_NeverBecomesAbsence(string separator)
    {
        _a.StopListening();
        _b.Remove(ChainFixture.ZipPath);
        using var fixture = new ChainFixture(_a.Url + separator + _b.Url);
        var failure = (await fixture.FetchAsync()).Failure!;
        Assert.Equal(FailureKind.UpstreamUnavailable, failure.Kind);
        Assert.False(failure.IsProvenAbsence);
    }

    [Fact]
    public async Task Absence_SaidByAll_IsProven()
    {
        _a.Remove(ChainFixture.ZipPath);
        _b.Remove(ChainFixture.ZipPath);
        using var fixture = new ChainFixture($"{_a.Url}|{_b.Url}");
        Assert.Equal(FailureKind.NotFound, (await fixture.FetchAsync()).Failure?.Kind);
    }

    [Fact]
    public async Task Off_AtTheEnd_AnswersForItself()
    {
        _a.Remove(ChainFixture.ZipPath);
        using var fixture = new ChainFixture($"{_a.Url},off");
        var failure = (await fixture.FetchAsync()).Failure!;
        Assert.Equal(FailureKind.Blocked, failure.Kind);
        Assert.Contains("off", failure.Message, StringComparison.Ordinal);
        Assert.Equal([_a.Url], fixture.Chain.Statuses.Select(s => s.Name));
    }

    [Theory]
    [InlineData("UpstreamInvalid", "|", true)]
    [InlineData("ChecksumMismatch", "|", true)]
    [InlineData("UpstreamInvalid", ",", false)]
    [InlineData("ChecksumMismatch", ",", false)]
    [InlineData("StoreUnavailable", "|", false)]
    [InlineData("ChecksumDatabaseUnavailable", "|", false)]
    [InlineData("Blocked", "|", false)]
    public async Task Content_RefusedByTheConsumer_IsNotRetriedAndPassesOnOnlyIfItIsTheUpstreamsFault(string kind, string separator, bool passes)
    {
        using var fixture = new ChainFixture(_a.Url + separator + _b.Url);
        var outcome = await fixture.Chain.FetchAsync<string>(
            ChainFixture.Zip,
            async (answer, ct) => answer.Upstream == _a.Url
                ? new Failure(Enum.Parse<FailureKind>(kind), "refused")
                : await ChainFixture.ReadAsync(answer, ct),
            TestContext.Current.CancellationToken);
        Assert.Equal(passes, outcome.Failure is null);
        Assert.Equal((1, passes ? 1 : 0), (_a.TotalRequests, _b.TotalRequests));
    }

    [Fact]
    public async Task Bug_InTheConsumer_IsNotTakenForTheUpstreams()
    {
        using var fixture = new ChainFixture($"{_a.Url}|{_b.Url}");
        await Assert.ThrowsAsync<InvalidOperationException>(() => fixture.Chain.FetchAsync<string>(
            ChainFixture.Zip, static (_, _) => throw new InvalidOperationException("bug"), TestContext.Current.CancellationToken));
        Assert.Equal((1, 0), (_a.TotalRequests, _b.TotalRequests));
    }

    [Fact]
    public async Task RetryAfter_WithinItsBound_IsWaitedFor()
    {
        _a.Faults.Next(ChainFixture.ZipPath, Fault.TooManyRequests(7));
        using var fixture = new ChainFixture(_a.Url);
        var fetch = fixture.FetchAsync();
        await fixture.Clock.TimerDueIn(TimeSpan.FromSeconds(7));
        Assert.Equal(1, _a.TotalRequests);
        fixture.Clock.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal("from a", (await fetch).Value);
    }

    [Fact]
    public async Task RetryAfter_BeyondItsBound_IsPassedOnToTheClient()
    {
        _a.Faults.Always("*", Fault.TooManyRequests(120));
        using var fixture = new ChainFixture(_a.Url);
        Assert.Equal(TimeSpan.FromMinutes(2), (await fixture.FetchAsync()).Failure!.RetryAfter);
        Assert.Equal(1, _a.TotalRequests);
    }

    [Fact]
    public async Task Breaker_AfterThreeBrokenConnections_OpensProbesAndCloses()
    {
        _a.StopListening();
        using var fixture = new ChainFixture(_a.Url);
        for (var i = 0; i < 3; i++)
            Assert.Equal(FailureKind.UpstreamUnavailable, (await fixture.FetchAsync()).Failure!.Kind);
        Assert.Equal(BreakerPosition.Open, fixture.Chain.Statuses[0].State);
        Assert.Equal(fixture.Clock.GetUtcNow() + TimeSpan.FromSeconds(5), fixture.Chain.Statuses[0].NextProbe);

        // Open: nobody asks, and the client learns when to come back.
        _a.Listen();
        fixture.Clock.Advance(TimeSpan.FromSeconds(2));
        var refused = (await fixture.FetchAsync()).Failure!;
        Assert.Equal((FailureKind.UpstreamUnavailable, TimeSpan.FromSeconds(3)), (refused.Kind, refused.RetryAfter));
        Assert.Equal(0, _a.TotalRequests);

        // The probe finds it alive.
        fixture.Clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("from a", (await fixture.FetchAsync()).Value);
        Assert.Equal(BreakerPosition.Closed, fixture.Chain.Statuses[0].State);
        foreach (var state in new[] { "open", "half-open", "closed" })
            Assert.Single(fixture.Measurements, $"proxycluster.upstream.breaker.transitions{{upstream={_a.Url},state={state}}} 1");
        Assert.Single(fixture.Logs, static line => line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Breaker_WhenOpen_PassesOnAtOnceBehindABar()
    {
        _a.StopListening();
        using var fixture = new ChainFixture($"{_a.Url}|{_b.Url}", static o => o.BreakerThreshold = 1);
        Assert.Equal("from b", (await fixture.FetchAsync()).Value);
        _a.Listen();
        Assert.Equal("from b", (await fixture.FetchAsync()).Value);
        Assert.Equal((0, 2), (_a.TotalRequests, _b.TotalRequests));
    }

    [Fact]
    public async Task Breaker_WhenAProbeGotItsHeaders_LetsOthersThroughAtOnce()
    {
        _a.StopListening();
        using var fixture = new ChainFixture(_a.Url, static o => o.BreakerThreshold = 1);
        await fixture.FetchAsync();
        _a.Listen();
        fixture.Clock.Advance(TimeSpan.FromSeconds(5));

        var reading = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        var probe = fixture.Chain.FetchAsync(
            ChainFixture.Zip,
            async (answer, ct) =>
            {
                reading.SetResult();
                await go.Task;
                return await ChainFixture.ReadAsync(answer, ct);
            },
            TestContext.Current.CancellationToken);
        await reading.Task;
        Assert.Equal("from a", (await fixture.FetchAsync()).Value);
        go.SetResult();
        Assert.Equal("from a", (await probe).Value);
    }

    [Fact]
    public async Task Breaker_WhenTheProbesCallerLeaves_ProbesAgain()
    {
        _a.StopListening();
        using var fixture = new ChainFixture(_a.Url, static o => o.BreakerThreshold = 1);
        await fixture.FetchAsync();
        _a.Listen();
        _a.Faults.Next(ChainFixture.ZipPath, Fault.Silence);
        fixture.Clock.Advance(TimeSpan.FromSeconds(5));

        using var leaving = new CancellationTokenSource();
        var probe = fixture.Chain.FetchAsync(ChainFixture.Zip, ChainFixture.ReadAsync, leaving.Token);
        await _a.Requested(ChainFixture.ZipPath);
        Assert.NotNull((await fixture.FetchAsync()).Failure);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => probe);
        Assert.Equal("from a", (await fixture.FetchAsync()).Value);
    }

    [Fact]
    public async Task Concurrency_OfAColdFarm_StaysUnderItsLimit()
    {
        using var fixture = new ChainFixture(_a.Url, static o => o.MaxConcurrentRequests = 3);
        var (now, most) = (0, 0);
        var fetches = Enumerable.Range(0, 60).Select(_ => fixture.Chain.FetchAsync(
            ChainFixture.Zip,
            async (answer, ct) =>
            {
                var running = Interlocked.Increment(ref now);
                InterlockedMax(ref most, running);
                await Task.Yield();
                var body = await ChainFixture.ReadAsync(answer, ct);
                Interlocked.Decrement(ref now);
                return body;
            },
            TestContext.Current.CancellationToken)).ToList();
        Assert.All(await Task.WhenAll(fetches), static o => Assert.Equal("from a", o.Value));
        Assert.InRange(most, 1, 3);
        Assert.InRange(_a.MostConnections, 1, 3);
    }

    [Fact]
    public async Task Queue_ForATurnThatNeverComes_EndsOverloaded()
    {
        _a.Faults.Next(ChainFixture.ZipPath, Fault.Silence);
        using var fixture = new ChainFixture(_a.Url, static o => (o.MaxConcurrentRequests, o.QueueTimeout) = (1, TimeSpan.FromSeconds(9)));
        using var leaving = new CancellationTokenSource();
        var first = fixture.Chain.FetchAsync(ChainFixture.Zip, ChainFixture.ReadAsync, leaving.Token);
        await _a.Requested(ChainFixture.ZipPath);
        var second = fixture.FetchAsync();
        await fixture.Clock.TimerDueIn(TimeSpan.FromSeconds(9));
        fixture.Clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(FailureKind.Overloaded, (await second).Failure?.Kind);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
    }

    [Fact]
    public async Task Span_AroundATry_NamesWhatWasAskedAndHidesQueries()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "ProxyCluster",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (spans)
                    spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var fixture = new ChainFixture(_a.Url.Replace("//", "//me:hunter2@", StringComparison.Ordinal));
        _a.Put("/moved", "moved");
        _a.Faults.Always(ChainFixture.ZipPath, Fault.RedirectTo("/moved?signature=s3cret"));
        await fixture.FetchAsync();

        Activity span;
        lock (spans)
            span = spans.Single(s => Equals(s.GetTagItem("proxycluster.upstream"), _a.Url));
        Assert.Equal(ActivityKind.Client, span.Kind);
        Assert.Equal(200, span.GetTagItem("http.response.status_code"));
        Assert.Equal(_a.Url + "/moved", span.GetTagItem("url.full"));
        Assert.DoesNotContain(span.TagObjects, static tag => $"{tag.Value}".Contains("hunter2", StringComparison.Ordinal)
            || $"{tag.Value}".Contains("s3cret", StringComparison.Ordinal));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
            Interlocked.CompareExchange(ref target, value, seen);
    }
}
