using ProxyCluster.Credentials;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Credentials;

/// <summary>Tokens of an identity provider: when they are renewed, by whom, and how they lie on the disk.</summary>
public sealed class OAuthLoginTests : IDisposable
{
    private const string Url = "https://git.example/x";
    private const string Secret = "hunter2";
    private static readonly Refusal Unauthorized = new(401, "HTTP/1.1 401 Unauthorized\n\n");
    private static readonly OAuthOptions Options = new()
    {
        Hosts = "git.example",
        ClientId = "me",
        DeviceEndpoint = "https://id.example/device",
        TokenEndpoint = "https://id.example/token",
    };

    private readonly ScratchDirectory _scratch = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly LoginDirectory _directory;
    private readonly ListLogger _log = new();
    private readonly ScriptedProvider _provider;
    private int _given = 1;
    private (int, string)? _says;

    public OAuthLoginTests()
    {
        _directory = new(_scratch["logins"], TimeProvider.System);
        _provider = new(form => _says ?? (form["refresh_token"] == $"{Secret}-r{_given}"
            ? (200, $$"""{"access_token":"{{Secret}}-a{{++_given}}","refresh_token":"{{Secret}}-r{{_given}}","token_type":"Bearer","expires_in":1000}""")
            : (400, """{"error":"invalid_grant"}""")));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _provider.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Tokens_AheadOfTheirEnd_AreRenewedOnceForAll()
    {
        LogIn();
        using var logins = Logins();
        _clock.Advance(TimeSpan.FromSeconds(879));
        Assert.Equal($"{Secret}-a1", (await logins.FindAsync(Url))?.Token);
        Assert.Empty(_provider.Calls);

        _clock.Advance(TimeSpan.FromSeconds(1));
        _provider.IsHeld = true;
        var asked = Enumerable.Range(0, 50).Select(_ => logins.FindAsync(Url)).ToList();
        await _provider.Asked.Task;
        _provider.Gate.SetResult();
        Assert.All(await Task.WhenAll(asked), static login => Assert.Equal($"{Secret}-a2", login?.Token));
        var (endpoint, form) = Assert.Single(_provider.Calls);
        Assert.Equal(Options.TokenEndpoint, endpoint);
        Assert.Equal(("refresh_token", $"{Secret}-r1", "me"), (form["grant_type"], form["refresh_token"], form["client_id"]));

        // The next renewal is with the next refresh token, also after a restart.
        _clock.Advance(TimeSpan.FromSeconds(900));
        using var restarted = Logins();
        Assert.Equal($"{Secret}-a3", (await restarted.FindAsync(Url))?.Token);
    }

    [Fact]
    public async Task Asker_WhoLeavesDuringARenewal_DoesNotEndIt()
    {
        // The old refresh token may be worth nothing by then.
        LogIn();
        _clock.Advance(TimeSpan.FromSeconds(1000));
        _provider.IsHeld = true;
        using var logins = Logins();
        using var leaving = new CancellationTokenSource();
        var asked = logins.FindAsync(TestLogins.Ask(Url), leaving.Token).AsTask();
        await _provider.Asked.Task;
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        _provider.Gate.SetResult();
        Assert.Equal($"{Secret}-a2", (await logins.FindAsync(Url))?.Token);
        Assert.Single(_provider.Calls);
    }

    [Fact]
    public async Task Tokens_RenewedByTwoProcesses_AreRenewedOnce()
    {
        LogIn();
        _clock.Advance(TimeSpan.FromSeconds(1000));
        _provider.IsHeld = true;
        using var one = Logins();
        using var other = Logins();
        var asked = new[] { one.FindAsync(Url), other.FindAsync(Url) };
        await _provider.Asked.Task;
        _provider.Gate.SetResult();
        Assert.All(await Task.WhenAll(asked), static login => Assert.Equal($"{Secret}-a2", login?.Token));
        Assert.Single(_provider.Calls);
    }

    [Fact]
    public async Task Token_ThatIsRefused_IsRenewedOnceHoweverMayAreRefused()
    {
        LogIn();
        using var logins = Logins();
        var sent = await logins.FindAsync(TestLogins.Ask(Url), Token);
        var next = await Task.WhenAll(Enumerable.Range(0, 10).Select(i =>
            logins.RefusedAsync(TestLogins.Ask($"{Url}/{i}"), sent, Unauthorized, Token).AsTask()));
        Assert.All(next, static reply => Assert.Equal($"{Secret}-a2", reply.Login?.Token));
        Assert.Single(_provider.Calls);
    }

    [Fact]
    public async Task Provider_ThatIsAway_LeavesTheTokenInUseToItsEnd()
    {
        LogIn();
        using var logins = Logins();
        _provider.IsAway = true;
        _clock.Advance(TimeSpan.FromSeconds(999));
        Assert.Equal($"{Secret}-a1", (await logins.FindAsync(Url))?.Token);
        Assert.Equal($"{Secret}-a1", (await logins.FindAsync(Url))?.Token);
        Assert.Single(_provider.Calls);

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("could not be renewed", await TroubleAsync(logins), StringComparison.Ordinal);
        _provider.IsAway = false;
        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal($"{Secret}-a2", (await logins.FindAsync(Url))?.Token);
    }

    [Fact]
    public async Task RefreshToken_ThatIsRefused_IsNotTriedAgainUntilSomebodyLogsIn()
    {
        LogIn();
        using var logins = Logins();
        _says = (400, """{"error":"invalid_grant","error_description":"hunter2"}""");
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Contains("proxycluster login git.example", await TroubleAsync(logins), StringComparison.Ordinal);
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Contains("proxycluster login git.example", await TroubleAsync(logins), StringComparison.Ordinal);
        Assert.Single(_provider.Calls);

        _directory.Write("corp", Options, new($"{Secret}-new", null, _clock.GetUtcNow(), null));
        Assert.Equal($"{Secret}-new", (await logins.FindAsync(Url))?.Token);
    }

    [Fact]
    public async Task Logout_InAnotherProcess_CountsAtOnce()
    {
        LogIn();
        using var logins = Logins();
        Assert.NotNull(await logins.FindAsync(Url));
        Assert.True(new LoginDirectory(_scratch["logins"], TimeProvider.System).Delete("corp"));
        Assert.Contains("nobody is logged in", await TroubleAsync(logins), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(500, "{}")]
    [InlineData(429, "{}")]
    [InlineData(200, "<html>hunter2</html>")]
    [InlineData(200, "[\"hunter2\"]")]
    [InlineData(302, "")]
    [InlineData(200, """{"access_token":"hunter2 x","token_type":"Bearer"}""")]
    [InlineData(200, """{"access_token":"hunter2","token_type":"mac"}""")]
    [InlineData(400, """{"error":"hunter2 and more of it"}""")]
    [InlineData(400, """{"error":{"hunter2":1}}""")]
    public async Task Answer_ThatIsNone_IsAFailureThatQuotesNothing(int status, string json)
    {
        LogIn();
        using var logins = Logins();
        _says = (status, json);
        _clock.Advance(TimeSpan.FromHours(1));
        var trouble = await TroubleAsync(logins);
        Assert.DoesNotContain(Secret, trouble + string.Concat(_log.Lines), StringComparison.Ordinal);
        Assert.Single(_log.Lines);
    }

    [Fact]
    public async Task Directory_HoldsNothingThatCanBeRead()
    {
        LogIn();
        _clock.Advance(TimeSpan.FromHours(1));
        using var logins = Logins();
        Assert.Equal($"{Secret}-a2", (await logins.FindAsync(Url))?.Token);

        var all = new DirectoryInfo(_scratch["logins"]).GetFileSystemInfos("*", SearchOption.AllDirectories);
        Assert.Contains(all, static one => one.Name == "corp.login");
        Assert.Contains(all, static one => one.Name.StartsWith("key-", StringComparison.Ordinal));
        Assert.All(all, static one =>
        {
            Assert.Equal(UnixFileMode.None, one.UnixFileMode & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | (one is DirectoryInfo ? UnixFileMode.UserExecute : UnixFileMode.None)));
            if (one is FileInfo)
                Assert.DoesNotContain(Secret, File.ReadAllText(one.FullName), StringComparison.Ordinal);
        });
        Assert.Equal(UnixFileMode.None, new DirectoryInfo(_scratch["logins"]).UnixFileMode & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
    }

    [Fact]
    public async Task Tokens_OfAnotherProvider_AreNotSentToThisOne()
    {
        LogIn();
        using var logins = TestLogins.Of(
            new() { OAuth = new() { ["corp"] = new() { Hosts = "git.example", ClientId = "me", DeviceEndpoint = Options.DeviceEndpoint, TokenEndpoint = "https://evil.example/token" } } },
            clock: _clock, directory: _scratch["logins"], provider: _provider);
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Contains("nobody is logged in", await TroubleAsync(logins), StringComparison.Ordinal);
        Assert.Empty(_provider.Calls);
    }

    private void LogIn() => _directory.Write("corp", Options, new($"{Secret}-a1", $"{Secret}-r1", _clock.GetUtcNow(), _clock.GetUtcNow().AddSeconds(1000)));

    private Logins Logins() => TestLogins.Of(new() { OAuth = new() { ["corp"] = Options } }, clock: _clock, directory: _scratch["logins"], provider: _provider, logger: _log);

    private static async Task<string> TroubleAsync(Logins logins)
    {
        var reply = await logins.FindAsync(TestLogins.Ask(Url), Token);
        Assert.Null(reply.Login);
        return Assert.IsType<string>(reply.Trouble);
    }
}
