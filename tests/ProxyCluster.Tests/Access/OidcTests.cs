using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Identity;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Lines;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Access;

/// <summary>Logins by the tokens of an identity provider, which are genuine; the clock of all is the test's.</summary>
public sealed class OidcTests : IAsyncLifetime
{
    private static readonly string Path = ClosedSilo.Private.Stem + ".mod";

    private readonly ScratchDirectory _scratch = new();
    private readonly ManualTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private IdentityProvider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await IdentityProvider.StartAsync(IdentityProvider.Lifetime, _clock);

    public async ValueTask DisposeAsync()
    {
        await _provider.DisposeAsync();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Token_OfTheProvider_IsALoginInEitherForm()
    {
        await using var silo = await StartAsync();
        var header = Bearer(await _provider.TokenAsync("ci", "builders payments"));
        foreach (var given in (string[])[header, ClosedSilo.Basic(header)])
            Assert.Equal(200, (await silo.GetAsync(Path, given)).Status);
        Assert.Equal(404, (await silo.GetAsync(Path, Bearer(await _provider.TokenAsync("ci", "builders")))).Status);
        Assert.Equal(200, (await silo.GetAsync(Path, ClosedSilo.Alice)).Status);
        Assert.Equal(200, (await silo.GetAsync("/healthz", Bearer("a.b.c"))).Status);
        Assert.Equal("Basic realm=\"ProxyCluster\", charset=\"UTF-8\"", (await silo.GetAsync(Path))["WWW-Authenticate"]!.Split(", Bearer")[0]);
        Assert.Contains("Bearer", (await silo.GetAsync(Path))["WWW-Authenticate"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_Expired_IsWrongUntilThereIsANewOne()
    {
        await using var silo = await StartAsync();
        var token = await _provider.TokenAsync("ci", "payments");
        Assert.Equal(200, (await silo.GetAsync(Path, Bearer(token))).Status);
        _clock.Advance(IdentityProvider.Lifetime);
        Assert.Equal(200, (await silo.GetAsync(Path, Bearer(token))).Status); // clocks may differ by 30 s
        _clock.Advance(TimeSpan.FromSeconds(31));
        var answer = await silo.GetAsync(Path, Bearer(token));
        Assert.Equal((401, "wrong-login", "the login is not accepted: the token has expired\n"), (answer.Status, answer["X-ProxyCluster-Cause"], answer.Text));
        Assert.Equal(200, (await silo.GetAsync(Path, Bearer(await _provider.TokenAsync("ci", "payments")))).Status);
        Assert.DoesNotContain(silo.Log.Lines.Concat(silo.Log.Exceptions), line => line.Contains(token.Split('.')[2], StringComparison.Ordinal));
    }

    [Fact]
    public async Task Token_ThatTheProviderDidNotGiveForUs_IsWrong()
    {
        await using var silo = await StartAsync();
        await using var other = await IdentityProvider.StartAsync(IdentityProvider.Lifetime, _clock);
        var (token, forged) = (await _provider.TokenAsync("ci", "payments"), await other.TokenAsync("ci", "payments"));
        var (parts, others) = (token.Split('.'), forged.Split('.'));
        foreach (var wrong in (string[])
        [
            await _provider.TokenAsync("ci", "payments", "another-service"),
            forged,
            $"{others[0]}.{parts[1]}.{others[2]}",
            $"{parts[0]}.{others[1]}.{parts[2]}",
            $"{parts[0]}.{parts[1]}.",
            $"eyJhbGciOiJub25lIn0.{parts[1]}.",
            "a.b.c",
        ])
        {
            Assert.Equal(401, (await silo.GetAsync(Path, Bearer(wrong))).Status);
            Assert.Equal(401, (await silo.GetAsync(ClosedSilo.Open.Stem + ".mod", Bearer(wrong))).Status);
        }
    }

    [Fact]
    public async Task Provider_Away_IsAnOutageForWhomItIsNeededAlone()
    {
        await using var silo = await StartAsync();
        var token = await _provider.TokenAsync("ci", "payments");
        var port = new Uri(_provider.Url).Port;
        await _provider.DisposeAsync();
        var answer = await silo.GetAsync(Path, Bearer(token));
        Assert.Equal((503, "login-unavailable"), (answer.Status, answer["X-ProxyCluster-Cause"]));
        Assert.NotNull(answer["Retry-After"]);
        Assert.Equal(200, (await silo.GetAsync(Path, ClosedSilo.Alice)).Status);
        Assert.Equal(200, (await silo.GetAsync(ClosedSilo.Open.Stem + ".mod")).Status);

        // It is back, with other keys; then away again, and its keys are known.
        _provider = await IdentityProvider.StartAsync(IdentityProvider.Lifetime, _clock, port);
        token = await _provider.TokenAsync("ci", "payments");
        await Waiting.UntilAsync(async () => (await silo.GetAsync(Path, Bearer(token))).Status == 200);
        await _provider.DisposeAsync();
        Assert.Equal(200, (await silo.GetAsync(Path, Bearer(token))).Status);
        _provider = await IdentityProvider.StartAsync(IdentityProvider.Lifetime, _clock);
    }

    /// <summary>The genuine <c>go</c>: a command gives it a token, and another one when the first does no longer do.</summary>
    [Fact]
    [Trait("Needs", "newer-go")]
    public async Task GoAuthCommand_WhoseTokenExpiresInTheMiddle_GetsANewOne()
    {
        using var certificates = new TestCertificates();
        var (cert, key) = certificates.Issue();
        await using var silo = await StartAsync(("Serve:Urls", "https://127.0.0.1:0"), ("Kestrel:Certificates:Default:Path", cert), ("Kestrel:Certificates:Default:KeyPath", key));
        using var go = new GoWorkspace($"https://{silo.Address}", silo.Database.Setting, GoWorkspace.NewerGo());
        go.Set("SSL_CERT_FILE", certificates.CaFile);
        go.Set("GONOSUMDB", "git.test");

        var old = await _provider.TokenAsync("ci", "payments");
        Assert.Equal(200, (await AskAsync(silo, old)).Status);
        _clock.Advance(IdentityProvider.Lifetime + TimeSpan.FromMinutes(1));
        Assert.Equal(401, (await AskAsync(silo, old)).Status);
        var script = ShellScript.Write(
            _scratch["auth"],
            $"if [ $# -eq 0 ]; then t={old}; else t={await _provider.TokenAsync("ci", "payments")}; fi\nprintf 'https://{silo.Address}\\n\\nAuthorization: Bearer %s\\n\\n' $t");
        go.Set("GOAUTH", script);
        Assert.Equal(ClosedSilo.Private.ZipH1, (await go.DownloadAsync(ClosedSilo.Private.Module.ToString())).Values.Single().Sum);

        async Task<(int Status, string Text)> AskAsync(TestSilo silo, string token)
        {
            using var client = new HttpClient(new SocketsHttpHandler
            {
                UseProxy = false,
                SslOptions = new() { CertificateChainPolicy = certificates.Policy() },
            });
            using var request = new HttpRequestMessage(HttpMethod.Get, $"https://{silo.Address}{Path}") { Headers = { Authorization = new("Bearer", token) } };
            using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }

    private static string Bearer(string token) => "Authorization: Bearer " + token;

    private async Task<TestSilo> StartAsync(params (string Key, string Value)[] more)
    {
        var silo = await TestSilo.StartAsync(
            services => services.AddSingleton<TimeProvider>(_clock),
            ClosedSilo.Settings(_scratch, [("Cluster:Engine", "local"), ("Access:Oidc:Authority", _provider.Url), ("Access:Oidc:Audience", IdentityProvider.Audience), .. more]));
        ClosedSilo.Fill(silo);
        return silo;
    }
}
