using System.CommandLine;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Cli;
using ProxyCluster.Credentials;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Identity;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Credentials;

/// <summary>Logins at a real identity provider: by the command line, by a silo that runs, and after the end of a token.</summary>
public sealed class IdentityProviderTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly ManualTimeProvider _clock = new(TimeProvider.System.GetUtcNow());

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Login_WhileASiloRuns_CountsAtOnceUntilTheLogout()
    {
        await using var provider = await IdentityProvider.StartAsync(TimeSpan.FromHours(1), isOpaque: true);
        Configure(provider);
        await using var silo = await ProxyProcess.StartAsync(new(_scratch["data"], provider.Upstream, "off") { MoreArguments = ["--config", _scratch["config.json"]] });

        // 1. Nobody is logged in, and no stranger asks.
        var (status, text) = await AskAsync("one");
        Assert.Equal(HttpStatusCode.BadGateway, status);
        Assert.Contains("proxycluster login 127.0.0.1", text, StringComparison.Ordinal);
        Assert.Empty(provider.Answers);

        // 2. Somebody is.
        var (code, shown, errors) = await LogInAsync(provider);
        Assert.True(code == 0, errors);
        Assert.Contains("Logged in to 127.0.0.1", shown, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, "v1.0.0\n"), await AskAsync("two"));

        // 3. The token is refused in the middle of everything.
        await provider.RevokeAsync();
        Assert.Equal((HttpStatusCode.OK, "v1.0.0\n"), await AskAsync("three"));
        Assert.Equal([200, 401, 200], provider.Answers);

        // 4. Nobody is again.
        Assert.Equal(0, (await RunAsync(LoginVerb.CreateLogout, static _ => Task.CompletedTask)).Status);
        Assert.Equal(HttpStatusCode.BadGateway, (await AskAsync("four")).Status);
        Assert.Equal(3, provider.Answers.Count);

        async Task<(HttpStatusCode Status, string Text)> AskAsync(string module)
        {
            using var answer = await silo.Http.GetAsync($"corp.example/{module}/@v/list", Token);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Token));
        }
    }

    /// <summary>The genuine <c>go</c>, whose proxy is logged in: it hears nothing of a token's end.</summary>
    [Fact]
    [Trait("Needs", "newer-go")]
    public async Task Build_InWhoseMiddleATokenEnds_GoesOn()
    {
        await using var provider = await IdentityProvider.StartAsync(TimeSpan.FromHours(1), isOpaque: true);
        Configure(provider);
        var modules = Enumerable.Range(0, 6).Select(static i => SiloModule.Pack($"corp.example/lib{i}", "v1.0.0")).ToList();
        var files = modules.SelectMany(static one => ((string, byte[])[])[(one.Stem + ".info", one.Info), (one.Stem + ".mod", one.GoMod), (one.Stem + ".zip", one.Zip)])
            .ToDictionary(static file => file.Item1, static file => file.Item2);
        provider.Modules = files.GetValueOrDefault;
        Assert.Equal(0, (await LogInAsync(provider)).Status);
        await using var silo = await ProxyProcess.StartAsync(new(_scratch["data"], provider.Upstream, "off") { NoChecksumDatabase = "corp.example", MoreArguments = ["--config", _scratch["config.json"]] });
        using var go = new GoWorkspace(silo.Url, "off", GoWorkspace.NewerGo());

        var first = await go.DownloadAsync([.. modules.Take(3).Select(static one => one.Module.ToString())]);
        await provider.RevokeAsync();
        var second = await go.DownloadAsync([.. modules.Skip(3).Select(static one => one.Module.ToString())]);

        Assert.Equal(modules.Select(static one => one.ZipH1).Order(StringComparer.Ordinal), first.Values.Concat(second.Values).Select(static one => one.Sum!).Order(StringComparer.Ordinal));
        Assert.Contains(401, provider.Answers);
        Assert.Equal("refresh_token", provider.Grants.Last());
    }

    [Fact]
    public async Task Token_AtItsEnd_IsRenewedOnceForAll()
    {
        await using var provider = await IdentityProvider.StartAsync(TimeSpan.FromHours(1), isOpaque: true);
        Configure(provider);
        Assert.Equal(0, (await LogInAsync(provider)).Status);
        using var logins = TestLogins.Of(new() { OAuth = new() { ["corp"] = Options(provider) } }, clock: _clock, directory: Path.Combine(_scratch["data"], "logins"));
        using var http = new HttpClient();
        var tokens = new HashSet<string>();
        for (var i = 0; i < 3; i++)
        {
            var found = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => logins.FindAsync(provider.Upstream)));
            Assert.True(tokens.Add(Assert.Single(found.Select(static login => login!.Token!).Distinct())));
            using var request = new HttpRequestMessage(HttpMethod.Get, provider.Upstream + "/x/@v/list");
            found[0]!.Sign(request);
            using var answer = await http.SendAsync(request, Token);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            _clock.Advance(TimeSpan.FromHours(1));
        }

        Assert.Equal(["refresh_token", "refresh_token"], provider.Grants.Where(static grant => grant == "refresh_token"));
    }

    [Fact]
    public async Task Logout_HasTheProviderTakeTheTokensBack()
    {
        await using var provider = await IdentityProvider.StartAsync(TimeSpan.FromHours(1), isOpaque: true);
        Configure(provider);
        Assert.Equal(0, (await LogInAsync(provider)).Status);
        using var logins = TestLogins.Of(new() { OAuth = new() { ["corp"] = Options(provider) } }, clock: _clock, directory: Path.Combine(_scratch["data"], "logins"));
        var login = await logins.FindAsync(provider.Upstream);
        using var http = new HttpClient();
        Assert.Equal(HttpStatusCode.OK, await AskAsync());

        var (status, shown, _) = await RunAsync(LoginVerb.CreateLogout, static _ => Task.CompletedTask);

        Assert.Equal((0, "Logged out of 127.0.0.1\n"), (status, shown));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync());

        // One that is away keeps nobody logged in.
        Assert.Equal(0, (await LogInAsync(provider)).Status);
        await provider.DisposeAsync();
        (status, shown, _) = await RunAsync(LoginVerb.CreateLogout, static _ => Task.CompletedTask);
        Assert.Equal(0, status);
        Assert.Contains("Logged out of 127.0.0.1; its tokens were not taken back", shown, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_scratch["data"], "logins", "corp.login")));

        async Task<HttpStatusCode> AskAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, provider.Upstream + "/x/@v/list");
            login!.Sign(request);
            using var answer = await http.SendAsync(request, Token);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task Login_ThatIsDenied_SaysSoAndKeepsNothing()
    {
        await using var provider = await IdentityProvider.StartAsync(TimeSpan.FromHours(1), isOpaque: true);
        Configure(provider);
        var (status, _, errors) = await LogInAsync(provider, denies: true);
        Assert.Equal(1, status);
        Assert.Contains("denied", errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_scratch["data"], "logins", "corp.login")));
    }

    [Fact]
    public async Task Login_ToAHostWithoutAProvider_IsRefused()
    {
        File.WriteAllText(_scratch["config.json"], "{}");
        var (status, _, errors) = await RunAsync(LoginVerb.CreateLogin, static _ => Task.CompletedTask);
        Assert.Equal(2, status);
        Assert.Contains("127.0.0.1", errors, StringComparison.Ordinal);
    }

    private static OAuthOptions Options(IdentityProvider provider) => new() { Hosts = "127.0.0.1", Issuer = provider.Url, ClientId = "proxycluster" };

    private void Configure(IdentityProvider provider) => File.WriteAllText(_scratch["config.json"], $$"""
        { "Credentials": { "OAuth": { "corp": { "Hosts": "127.0.0.1", "Issuer": "{{provider.Url}}", "ClientId": "proxycluster" } } } }
        """);

    private Task<(int Status, string Out, string Error)> LogInAsync(IdentityProvider provider, bool denies = false) => RunAsync(LoginVerb.CreateLogin, async shown =>
    {
        // The first poll comes too early, and the next finds the code entered.
        await _clock.TimerDueIn(TimeSpan.FromSeconds(5));
        _clock.Advance(TimeSpan.FromSeconds(5));
        await _clock.TimerDueIn(TimeSpan.FromSeconds(5));
        Assert.Equal(denies ? 400 : 200, await provider.EnterAsync(shown, denies));
        _clock.Advance(TimeSpan.FromSeconds(5));
    });

    private async Task<(int Status, string Out, string Error)> RunAsync(
        Func<CommandContext, Action<IServiceCollection>?, Command> create, Func<string, Task> shown)
    {
        using var output = new FlushedWriter();
        using var errors = new StringWriter();
        var command = create(new CommandContext(output, errors, _scratch.Path, new Dictionary<string, string>()), services => services.AddSingleton<TimeProvider>(_clock));
        var ended = command.Parse(["127.0.0.1", "--data", _scratch["data"], "--config", _scratch["config.json"]]).InvokeAsync(cancellationToken: Token);
        if (await Task.WhenAny(ended, output.Flushed) == output.Flushed)
            await shown(await output.Flushed);
        return (await ended, output.ToString(), errors.ToString());
    }

    private sealed class FlushedWriter : StringWriter
    {
        private readonly TaskCompletionSource<string> _flushed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Flushed => _flushed.Task;

        public override Task FlushAsync(CancellationToken cancellationToken)
        {
            _flushed.TrySetResult(ToString().TrimEnd());
            return Task.CompletedTask;
        }
    }
}
