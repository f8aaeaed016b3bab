using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.EndToEnd.HostileUpstream;

/// <summary>A checksum database, or somebody in its place, that lies is refused, and what it vouches for with it.</summary>
[Trait("Needs", "corpus")]
public sealed class HostileDatabaseTests : IAsyncLifetime
{
    private const string Module = "github.com/pkg/errors";
    private const string Version = "v0.9.1";
    private const string Another = "github.com/russross/blackfriday/v2/@v/v2.1.0";

    private static readonly string NoHash = "h1:" + new string('A', 43) + "=";

    private TestSystem _system = null!;

    public static TheoryData<string, string> Lies => new()
    {
        { $"lie {Module} {Version}", "forged-record" },
        { $"extension {Module} {Version} {NoHash} {NoHash}", "absent-line" },
        { $"other-record {Module} {Version} github.com/kr/text v0.2.0", "absent-line" },
        { "tile 0", "forged-tile" },
        { "tile 1", "forged-tile" },
        { "other-key", "bad-signature" },
        { "outsider", "bad-signature" },
    };

    // Heads and tiles that were proven once are kept, so every lie meets a proxy that has met nothing yet.
    public async ValueTask InitializeAsync() => _system = await TestSystem.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_system is not null)
            await _system.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task Artifact_VouchedForByALie_IsRefusedAndNothingIsStored(string lie, string securityEvent)
    {
        await _system.Database.MisbehaveAsync(lie);

        await Refusal.AssertRefusedAsync(_system, $"{Module}/@v/{Version}.mod", "checksum-database-invalid");
        await Refusal.AssertRefusedAsync(_system, $"{Module}/@v/{Version}.zip", "checksum-database-invalid");

        Assert.True(
            await _system.Proxy.MetricAsync("proxycluster_security_events_total", $"event=\"{securityEvent}\"") >= 2,
            $"no {securityEvent} was counted");
        Assert.Empty(_system.StoredFiles(Path.Combine("sumdb", _system.Database.Name, "lookup")));
    }

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task Mirror_MeetingALie_DoesNotPassItOn(string lie, string securityEvent)
    {
        await _system.Database.MisbehaveAsync(lie);

        using var answer = await _system.Proxy.Http.GetAsync(
            $"sumdb/{_system.Database.Name}/lookup/{Module}@{Version}", TestContext.Current.CancellationToken);

        Assert.InRange((int)answer.StatusCode, 500, 599);
        Assert.True(
            await _system.Proxy.MetricAsync("proxycluster_security_events_total", $"event=\"{securityEvent}\"") >= 1,
            $"no {securityEvent} was counted");
        Assert.Empty(_system.StoredFiles(Path.Combine("sumdb", _system.Database.Name, "lookup")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Fork_AfterAnHonestStart_IsRefusedEvenAcrossARestart(bool restart)
    {
        await Refusal.AssertServedAsync(_system, $"{Another}.mod");
        if (restart)
            await _system.RestartProxyAsync();
        await _system.Database.MisbehaveAsync("fork");

        await Refusal.AssertRefusedAsync(_system, $"{Module}/@v/{Version}.mod", "checksum-database-invalid");
        await Refusal.AssertRefusedAsync(_system, $"{Module}/@v/{Version}.zip", "checksum-database-invalid");

        Assert.True(await _system.Proxy.MetricAsync("proxycluster_security_events_total", "event=\"fork\"") >= 1, "no fork was counted");

        // What was proven before the fork stays served, and honesty is believed again.
        await Refusal.AssertServedAsync(_system, $"{Another}.mod");
        await _system.Database.MisbehaveAsync();
        await Refusal.AssertServedAsync(_system, $"{Module}/@v/{Version}.mod");
    }

    [Fact]
    public async Task Database_Unreachable_RefusesNewArtifactsAndServesStoredOnes()
    {
        await Refusal.AssertServedAsync(_system, $"{Another}.zip");
        await _system.Database.StopAsync();

        await Refusal.AssertServedAsync(_system, $"{Another}.zip");
        using var answer = await _system.Proxy.Http.GetAsync($"{Module}/@v/{Version}.zip", TestContext.Current.CancellationToken);

        Assert.Equal(503, (int)answer.StatusCode);
        Assert.Equal("checksum-database-unavailable", Assert.Single(answer.Headers.GetValues("X-ProxyCluster-Cause")));
        Assert.NotNull(answer.Headers.RetryAfter);
        Refusal.AssertNothingStored(_system, $"{Module}/@v/{Version}.zip");
    }

    [Fact]
    public async Task Database_ThatGrowsWithEachLookup_IsFollowed()
    {
        await using var growing = await TestSystem.StartAsync(lazyDatabase: true);
        using var go = new GoWorkspace(growing.Proxy.Url, growing.Database.Key);

        var downloaded = await go.DownloadAsync($"{Module}@{Version}", "github.com/kr/text@v0.2.0", "github.com/cpuguy83/go-md2man/v2@v2.0.2");

        Assert.Equal(3, downloaded.Count);
        Assert.All(downloaded.Values, m => Assert.Null(m.Error));
    }
}
