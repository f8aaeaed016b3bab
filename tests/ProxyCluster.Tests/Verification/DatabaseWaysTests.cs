using ProxyCluster.Credentials;
using ProxyCluster.Fetching;
using ProxyCluster.Outcomes;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Tests.Credentials;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Verification;

/// <summary>How a checksum database is reached: through an upstream, straight, with a login.</summary>
public sealed class DatabaseWaysTests : IAsyncLifetime
{
    private const string Sumdb = "/sumdb/sumdb.test/go/";

    private readonly ManualTimeProvider _clock = new();
    private readonly UpstreamServer _upstream = UpstreamServer.Start();
    private DatabaseServer _database = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await DatabaseServer.StartAsync();
        _database.Fill(3);
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Fact]
    public async Task Upstream_ThatSaysItServesTheDatabase_IsAskedInItsPlace()
    {
        Relay(supported: 200);
        var source = Source();

        Assert.Equal(await _database.BytesAsync("latest"), (await source.ReadAsync("latest", Token)).Body.ToArray());
        await source.ReadAsync(DatabaseServer.LookupPath(1), Token);

        Assert.Equal([Sumdb + "supported", Sumdb + "latest", Sumdb + DatabaseServer.LookupPath(1)], _upstream.Calls.Select(static call => call.Path));
        Assert.All(_upstream.Calls, static call => Assert.Equal("Basic bWU6aHVudGVyMg==", call.Header("Authorization")));
        Assert.Empty(_database.Paths);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(410)]
    public async Task Upstream_ThatDoesNotServeTheDatabase_IsAskedWhetherOnce(int status)
    {
        Relay(status);
        var source = Source();
        await source.ReadAsync("latest", Token);
        await source.ReadAsync("latest", Token);
        Assert.Equal([Sumdb + "supported"], _upstream.Calls.Select(static call => call.Path));
        Assert.Equal(["latest", "latest"], _database.Paths);
    }

    [Fact]
    public async Task Upstream_WithAnOutage_IsPassedOverForAWhile()
    {
        Relay(supported: 500);
        var source = Source();
        await source.ReadAsync("latest", Token);
        await source.ReadAsync("latest", Token);
        Assert.Equal((1, 2), (_upstream.TotalRequests, _database.Paths.Count));

        _upstream.Faults.Clear();
        Relay(supported: 200);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await source.ReadAsync("latest", Token);
        Assert.Equal((3, 2), (_upstream.TotalRequests, _database.Paths.Count));
    }

    [Fact]
    public async Task Setting_WithAUrlOfItsOwn_IsAskedThereAndBehindItsLogin()
    {
        Relay(supported: 200);
        _database.Instead = static (context, _) =>
        {
            context.Response.StatusCode = 401;
            return Task.FromResult(context.Request.Headers.Authorization != "Basic bWU6cHc=");
        };
        var data = Directory.CreateTempSubdirectory("ways").FullName;
        try
        {
            using var open = Room(_database.Setting);
            Assert.Equal(FailureKind.ChecksumDatabaseUnavailable, (await open.Verifier.ProveAsync(DatabaseServer.Module(1), Token)).Failure?.Kind);
            using var room = Room(_database.Setting.Replace("//", "//me:pw@", StringComparison.Ordinal));
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(1), Token)).Failure);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }

        Assert.Equal(0, _upstream.TotalRequests);

        VerificationRoom Room(string setting) =>
            new(new VerificationOptions { SumDb = setting }, data, _clock, new UpstreamsOptions { List = _upstream.Url });
    }

    [Fact]
    public async Task Database_ThatRedirectsElsewhere_IsAskedThereAsNobody()
    {
        // Both are this machine, and the rule covers both.
        using var logins = TestLogins.Of(new CredentialRuleOptions { Match = "127.0.0.1", Headers = new() { ["X-Key"] = "k" } });
        Relay(supported: 200);
        string? key = null;
        _database.Instead = (context, _) =>
        {
            key = context.Request.Headers["X-Key"];
            context.Response.Redirect($"{_upstream.Url}{Sumdb}latest");
            return Task.FromResult(true);
        };
        var source = new HttpChecksumDatabaseSource(
            new HttpMessageInvoker(HttpChecksumDatabaseSource.Handler(new VerificationOptions(), new ProxyCluster.Sockets.RedirectGuard([], allows: true))),
            "sumdb.test/go",
            new NamedPlace(logins, new Uri(_database.Url), new Uri(_database.Url).Authority, null),
            [],
            new VerificationOptions { Attempts = 1 },
            _clock);
        Assert.NotEqual(0, (await source.ReadAsync("latest", Token)).Body.Length);
        Assert.Equal("k", key);
        Assert.Null(_upstream.Calls.Single().Header("X-Key"));
    }

    [Theory]
    [InlineData("Include")]
    [InlineData("Exclude")]
    public void Upstream_ThatMaySeeSomeModulesOnly_IsNoWay(string pattern)
    {
        var rule = new UpstreamModulesOptions { Upstream = _upstream.Url };
        typeof(UpstreamModulesOptions).GetProperty(pattern)!.SetValue(rule, "corp.example");
        Assert.Single(Ways().Upstreams);
        Assert.Empty(Ways(rule).Upstreams);
    }

    private UpstreamDatabaseWays Ways(params UpstreamModulesOptions[] modules)
    {
        var options = new UpstreamsOptions { List = _upstream.Url.Replace("//", "//me:hunter2@", StringComparison.Ordinal), Modules = modules };
        var wrapped = Microsoft.Extensions.Options.Options.Create(options);
        return new(new UpstreamRoutes(wrapped, Microsoft.Extensions.Options.Options.Create(new VerificationOptions())), TestLogins.Nobody);
    }

    private HttpChecksumDatabaseSource Source() => new(
        new HttpMessageInvoker(HttpChecksumDatabaseSource.Handler(new VerificationOptions(), new ProxyCluster.Sockets.RedirectGuard([], allows: true))),
        "sumdb.test/go",
        new NamedPlace(TestLogins.Nobody, new Uri(_database.Url), new Uri(_database.Url).Authority, null),
        Ways().Upstreams,
        new VerificationOptions { Attempts = 1 },
        _clock);

    private void Relay(int supported) => _upstream.Faults.Always("*", Fault.Answer("relay", async x =>
    {
        var path = x.Call.Path[Sumdb.Length..];
        await x.AnswerAsync(path == "supported" ? supported : 200, path == "supported" ? default : await _database.BytesAsync(path), "text/plain");
    }));
}
