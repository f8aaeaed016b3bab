using ProxyCluster.Fetching;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Tests.Fetching;

/// <summary>What is an outage of an upstream, and what is only one module's bad day.</summary>
public sealed class OutageTests : IAsyncLifetime
{
    private const string SlowPath = "/slow.example/m/@v/v1.0.0.zip";

    private static readonly UpstreamRequest Slow = ZipOf("slow.example/m");

    private readonly UpstreamServer _server = UpstreamServer.Start();

    public ValueTask InitializeAsync()
    {
        _server.Put(ChainFixture.ZipPath, "a zip");
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task WallClock_StepsBackWhileTheBreakerIsOpen_TheProbeComesAllTheSame()
    {
        using var fixture = new ChainFixture(_server.Url, static o => o.Retries = 0);
        await OpenAsync(fixture);
        _server.Listen();

        fixture.Clock.StepWallClock(TimeSpan.FromHours(-3));
        Assert.Equal(fixture.Clock.GetUtcNow() + fixture.Options.BreakerPause, fixture.Chain.Statuses[0].NextProbe);

        fixture.Clock.Advance(fixture.Options.BreakerPause);
        Assert.Equal("a zip", (await fixture.FetchAsync()).Value);
    }

    [Fact]
    public async Task Request_ThatFailsWithAllItsTries_CountsOnce()
    {
        _server.StopListening();
        using var fixture = new ChainFixture(_server.Url);

        Assert.NotNull((await fixture.FetchAsync()).Failure);

        Assert.Equal((BreakerPosition.Closed, 1), (fixture.Chain.Statuses[0].State, fixture.Chain.Statuses[0].ConsecutiveFailures));
        var traffic = fixture.Metrics.Traffic.Read();
        Assert.Equal((1, 1), (traffic.Fetches, traffic.FetchFailures));
    }

    [Fact]
    public async Task SlowModule_AskedForAgainAndAgain_DoesNotShutOutOthers()
    {
        _server.Faults.Always(SlowPath, Fault.Silence);
        using var fixture = new ChainFixture(_server.Url);
        for (var i = 0; i < 5; i++)
            Assert.Equal(FailureKind.UpstreamTimeout, (await FetchSilentAsync(fixture, Slow, SlowPath)).Failure?.Kind);

        Assert.Equal(BreakerPosition.Closed, fixture.Chain.Statuses[0].State);
        Assert.Equal("a zip", (await fixture.FetchAsync()).Value);
    }

    [Fact]
    public async Task SlowModules_WhileOthersAreAnswered_AreNoOutage()
    {
        _server.Faults.Always("*", Fault.Silence);
        _server.Faults.Always(ChainFixture.ZipPath, Fault.None);
        using var fixture = new ChainFixture(_server.Url, static o => o.Retries = 0);
        string[] modules = ["a.example/m", "b.example/m", "c.example/m", "d.example/m"];
        var slow = modules.Select(module => fixture.FetchAsync(ZipOf(module))).ToList();
        foreach (var module in modules)
            await _server.Requested($"/{module}/@v/v1.0.0.zip");
        fixture.Clock.Advance(TimeSpan.FromSeconds(1));
        _server.Faults.Clear();
        Assert.Equal("a zip", (await fixture.FetchAsync()).Value);

        fixture.Clock.Advance(fixture.Options.FirstByteTimeout);

        Assert.All(await Task.WhenAll(slow), static outcome => Assert.Equal(FailureKind.UpstreamTimeout, outcome.Failure?.Kind));
        Assert.Equal(BreakerPosition.Closed, fixture.Chain.Statuses[0].State);
    }

    [Fact]
    public async Task Silence_ForDifferentModules_IsAnOutage()
    {
        _server.Faults.Always("*", Fault.Silence);
        using var fixture = new ChainFixture(_server.Url, static o => o.Retries = 0);
        foreach (var module in (string[])["a.example/m", "b.example/m", "c.example/m"])
        {
            Assert.Equal(BreakerPosition.Closed, fixture.Chain.Statuses[0].State);
            await FetchSilentAsync(fixture, ZipOf(module), $"/{module}/@v/v1.0.0.zip");
        }

        Assert.Equal(BreakerPosition.Open, fixture.Chain.Statuses[0].State);
    }

    [Fact]
    public async Task NewVersion_ThatTheUpstreamTakesAMinuteFor_Arrives()
    {
        var found = new TaskCompletionSource();
        _server.Put(SlowPath, "at last");
        _server.Faults.Always(SlowPath, Fault.Until(found.Task));
        using var fixture = new ChainFixture(_server.Url);
        var slow = fixture.FetchAsync(Slow);
        await _server.Requested(SlowPath);

        fixture.Clock.Advance(TimeSpan.FromSeconds(70));
        Assert.Equal("a zip", (await fixture.FetchAsync()).Value);
        found.SetResult();

        Assert.Equal("at last", (await slow).Value);
        Assert.Equal(1, _server.Requests(SlowPath));
    }

    [Fact]
    public async Task Probe_ByTheSlowModulesClient_AsksForWhatWasThere()
    {
        const string Info = "/known.example/m/@v/v1.0.0.info";
        _server.Put(Info, """{"Version":"v1.0.0"}""");
        _server.Faults.Always(SlowPath, Fault.Silence);
        using var fixture = new ChainFixture(_server.Url, static o => o.Retries = 0);
        Assert.Null((await fixture.FetchAsync(new(UpstreamResource.Artifact(ChainFixture.ParseVersion("known.example/m", "v1.0.0"), ArtifactKind.Info)))).Failure);
        await OpenAsync(fixture);
        _server.Listen();
        fixture.Clock.Advance(fixture.Options.BreakerPause);

        using var leaving = new CancellationTokenSource();
        var slow = fixture.Chain.FetchAsync(Slow, ChainFixture.ReadAsync, leaving.Token);
        await _server.Requested(SlowPath);

        Assert.Equal(2, _server.Requests(Info));
        Assert.Equal(BreakerPosition.Closed, fixture.Chain.Statuses[0].State);
        Assert.Equal("a zip", (await fixture.FetchAsync()).Value);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slow);
    }

    [Fact]
    public async Task Refusal_WhileTheBreakerIsOpen_IsNoOutageInHealthReports()
    {
        using var fixture = new ChainFixture(_server.Url, static o => o.Retries = 0);
        await OpenAsync(fixture);
        var before = fixture.Metrics.Traffic.Read();

        Assert.NotNull((await fixture.FetchAsync()).Failure);

        var after = fixture.Metrics.Traffic.Read();
        Assert.Equal((before.Fetches, before.FetchFailures), (after.Fetches, after.FetchFailures));
    }

    private static UpstreamRequest ZipOf(string module) =>
        new(UpstreamResource.Artifact(ChainFixture.ParseVersion(module, "v1.0.0"), ArtifactKind.Zip));

    /// <summary>Requests that cannot connect, until nobody is asked any more.</summary>
    private async Task OpenAsync(ChainFixture fixture)
    {
        _server.StopListening();
        for (var i = 0; i < fixture.Options.BreakerThreshold; i++)
            Assert.NotNull((await fixture.FetchAsync()).Failure);
        Assert.Equal(BreakerPosition.Open, fixture.Chain.Statuses[0].State);
    }

    /// <summary>Fetches what never comes: each try ends by the clock.</summary>
    private async Task<Outcome<string>> FetchSilentAsync(ChainFixture fixture, UpstreamRequest request, string path)
    {
        var seen = _server.Requests(path);
        var fetch = fixture.FetchAsync(request);
        while (true)
        {
            await Task.WhenAny(fetch, _server.Requested(path, ++seen));
            if (fetch.IsCompleted)
                return await fetch;
            fixture.Clock.Advance(fixture.Options.FirstByteTimeout);
        }
    }
}
