using ProxyCluster.Credentials;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Credentials;

/// <summary>The device flow, second by second. A real provider is asked in <see cref="IdentityProviderTests"/>.</summary>
public sealed class DeviceGrantTests
{
    private const string Codes = """{"device_code":"hunter2","user_code":"ABCD","verification_uri":"https://id.example/d","interval":3,"expires_in":60}""";
    private const string Tokens = """{"access_token":"a","refresh_token":"r","token_type":"bearer","expires_in":100}""";

    private readonly ManualTimeProvider _clock = new();
    private readonly Queue<(int, string)?> _polls = new();
    private readonly List<string> _shown = [];
    private readonly List<TimeSpan> _waits = [];

    [Fact]
    public async Task Flow_WhileNobodyHasEnteredTheCode_AsksAsOftenAsItMay()
    {
        foreach (var error in new[] { "authorization_pending", "slow_down", "authorization_pending" })
            _polls.Enqueue((400, $$"""{"error":"{{error}}"}"""));
        _polls.Enqueue(null);
        _polls.Enqueue((200, Tokens));
        var (tokens, fault) = await RunAsync();
        Assert.Null(fault);
        Assert.Equal(("a", "r", _clock.GetUtcNow().AddSeconds(100)), (tokens!.AccessToken, tokens.RefreshToken, tokens.Until));
        Assert.Equal([3, 3, 8, 8, 16], _waits.Select(static wait => (int)wait.TotalSeconds));
        Assert.Equal(["Open https://id.example/d and enter the code ABCD"], _shown);
    }

    [Theory]
    [InlineData("access_denied", "denied")]
    [InlineData("expired_token", "expired")]
    [InlineData("invalid_client", "invalid_client")]
    public async Task Flow_ThatIsRefused_SaysWhy(string error, string says)
    {
        _polls.Enqueue((400, $$"""{"error":"{{error}}"}"""));
        var (tokens, fault) = await RunAsync();
        Assert.Null(tokens);
        Assert.Contains(says, fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Flow_ThatNobodyEnds_EndsWithTheCode()
    {
        for (var i = 0; i < 20; i++)
            _polls.Enqueue((400, """{"error":"authorization_pending"}"""));
        Assert.Contains("expired", (await RunAsync()).Fault, StringComparison.Ordinal);
        Assert.Equal(20, _waits.Count);
    }

    [Theory]
    [InlineData("""{"error":"unauthorized_client"}""", "unauthorized_client")]
    [InlineData("""{"device_code":"hunter2"}""", "without a code")]
    [InlineData("<html>hunter2", "nothing that OAuth knows")]
    public async Task Flow_WithoutCodes_SaysWhy(string codes, string says)
    {
        var (_, fault) = await RunAsync(codes.Contains("error", StringComparison.Ordinal) ? 400 : 200, codes);
        Assert.Contains(says, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", fault, StringComparison.Ordinal);
        Assert.Empty(_shown);
    }

    [Fact]
    public async Task Flow_OfAHostileProvider_DoesNotSteerTheTerminal()
    {
        _polls.Enqueue((200, Tokens));
        await RunAsync(200, """{"device_code":"d","user_code":"A\u001b[2J","verification_uri":"https://id.example/d\n","verification_uri_complete":"x\u202e"}""");
        Assert.DoesNotContain(Assert.Single(_shown), static c => char.IsControl(c) || c == '\u202e');
    }

    [Theory]
    [InlineData("""{"issuer":"https://id.example","device_authorization_endpoint":"https://id.example/d","token_endpoint":"https://id.example/t"}""", null)]
    [InlineData("""{"issuer":"https://id.example/","device_authorization_endpoint":"https://id.example/d","token_endpoint":"https://id.example/t"}""", null)]
    [InlineData("""{"issuer":"https://evil.example","device_authorization_endpoint":"https://id.example/d","token_endpoint":"https://id.example/t"}""", "another issuer")]
    [InlineData("""{"issuer":"https://id.example","device_authorization_endpoint":"http://id.example/d","token_endpoint":"https://id.example/t"}""", "https")]
    [InlineData("""{"issuer":"https://id.example","token_endpoint":"https://id.example/t"}""", "no endpoints")]
    public async Task Issuer_ByWhatItPublishes_NamesItsEndpointsOrNot(string published, string? says)
    {
        using var provider = new ScriptedProvider(_ => (200, published));
        using var client = new OAuthClient(_clock, provider);
        var (endpoints, fault) = await client.EndpointsAsync(new() { Issuer = "https://id.example" }, TestContext.Current.CancellationToken);
        Assert.Equal("https://id.example/.well-known/openid-configuration", provider.Calls.Single().Url);
        if (says is null)
            Assert.Equal("https://id.example/d", endpoints?.Device.AbsoluteUri);
        else
            Assert.Contains(says, fault, StringComparison.Ordinal);
    }

    private async Task<(OAuthTokens? Tokens, string? Fault)> RunAsync(int status = 200, string codes = Codes)
    {
        using var provider = new ScriptedProvider(form => form.ContainsKey("device_code") ? _polls.Dequeue() ?? throw new HttpRequestException() : (status, codes));
        using var client = new OAuthClient(_clock, provider);
        var options = new OAuthOptions { ClientId = "me", DeviceEndpoint = "https://id.example/device", TokenEndpoint = "https://id.example/token" };
        var ended = new DeviceGrant(client, _clock).RunAsync(
            options,
            line =>
            {
                _shown.Add(line);
                return Task.CompletedTask;
            },
            TestContext.Current.CancellationToken);
        while (!ended.IsCompleted)
        {
            // The wait between two polls; those for answers are half a minute.
            var wait = TimeSpan.Zero;
            if (await Task.WhenAny(ended, _clock.TimerArmed(left => (wait = left) > TimeSpan.Zero && left != TimeSpan.FromSeconds(30))) == ended)
                break;
            _waits.Add(wait);
            _clock.Advance(wait);
        }

        return await ended;
    }
}
