using ProxyCluster.Credentials;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Credentials;

/// <summary>Commands in GOAUTH's format. What the real <c>go</c> makes of the same output is compared in <see cref="RealGoAuthTests"/>.</summary>
public sealed class GoAuthCommandTests
{
    private const string Url = "https://go.example/corp.example/m/@v/list";
    private static readonly Refusal NotFound = new(404, "HTTP/1.1 404 Not Found\nServer: x\n\n");

    private readonly ManualTimeProvider _clock = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("a b\tc", "a|b|c")]
    [InlineData(" '/a b/c' \"d 'e\" f\"g ", "/a b/c|d 'e|f\"g")]
    [InlineData("a 'b'c", "a|b|c")]
    [InlineData("a ''", "a|")]
    [InlineData("'a", null)]
    [InlineData(" \n", null)]
    [InlineData("'' a", null)]
    public void Words_OfACommandLine_AreReadAsGoDoes(string text, string? words) =>
        Assert.Equal(words, CommandWords.TryParse(text, out var found) ? string.Join('|', found) : null);

    [Theory]
    [InlineData("https://a.example/x", "https://a.example/x")]
    [InlineData("HTTPS://A.example:443", "https://A.example:443")]
    [InlineData("https://a.example/b c", "https://a.example/b%20c")]
    [InlineData("https://a.example/b%2fc", "https://a.example/b%2fc")]
    [InlineData("https://a.example/é?q=é", "https://a.example/%C3%A9?q=é")]
    [InlineData("https://a.example/x#y", "https://a.example/x%23y")]
    [InlineData("https://[::1]:8443/x", "https://[::1]:8443/x")]
    [InlineData("/x", "/x")]
    [InlineData("mailto:x", "mailto:x")]
    [InlineData("a.example", null)]
    [InlineData("https://a b/x", null)]
    [InlineData("https://a.example/%zz", null)]
    [InlineData("https://a.example:80x/", null)]
    [InlineData("https://a.example/\r", null)]
    [InlineData(":x", null)]
    public void Address_AsGoReadsIt_IsWrittenAsGoWould(string text, string? url) =>
        Assert.Equal(url, GoUrl.TryNormalise(text, out var written) ? written : null);

    [Fact]
    public async Task Command_BeforeTheFirstRequest_RunsOnceWithoutArguments()
    {
        var command = Command("https://go.example\n\nX-Key: a\n\n");
        using var logins = Logins(command);
        Assert.Equal("X-Key: a", (await logins.FindAsync(Url)).Shown());
        Assert.Equal("X-Key: a", (await logins.FindAsync("https://go.example/other")).Shown());
        Assert.Null(await logins.FindAsync("https://go.example:8443/other"));
        Assert.Null(await logins.FindAsync("http://localhost/x"));
        Assert.Equal(["/auth -v"], command.Calls);
        Assert.Equal([""], command.Inputs);
    }

    [Fact]
    public async Task Command_AfterARefusal_RunsWithTheAddressAndTheAnswer()
    {
        var command = new ScriptedCommand((words, _) => ScriptedCommand.Prints(words.Count == 2 ? "" : $"{words[^1]}\n\nX-Key: b\n\n"));
        using var logins = Logins(command);
        var sent = await logins.FindAsync(TestLogins.Ask(Url), Token);
        Assert.Null(sent.Login);
        Assert.Equal("X-Key: b", (await logins.RefusedAsync(TestLogins.Ask(Url), sent, NotFound, Token)).Login.Shown());
        Assert.Equal(["/auth -v", "/auth -v " + Url], command.Calls);
        Assert.Equal(NotFound.Head, command.Inputs[1]);

        // The answer is kept.
        Assert.Equal("X-Key: b", (await logins.FindAsync(Url)).Shown());
        Assert.Equal(2, command.Calls.Count);
    }

    [Fact]
    public async Task Command_ThatHasNothingNewForAnAbsence_IsLeftAloneForAMinute()
    {
        var command = Command("");
        using var logins = Logins(command);
        for (var i = 0; i < 3; i++)
            Assert.Null((await logins.RefusedAsync(TestLogins.Ask(Url), LoginReply.None, NotFound, Token)).Login);
        Assert.Single(command.Calls);
        await logins.RefusedAsync(TestLogins.Ask("https://go.example/other/@v/list"), LoginReply.None, NotFound, Token);
        Assert.Equal(2, command.Calls.Count);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await logins.RefusedAsync(TestLogins.Ask(Url), LoginReply.None, NotFound, Token);
        Assert.Equal(3, command.Calls.Count);
    }

    [Fact]
    public async Task Absence_WithoutSuchACommand_ChangesNothing()
    {
        using var logins = TestLogins.Of(new CredentialRuleOptions { Match = "go.example", Token = "t0ken" });
        Assert.Null((await logins.RefusedAsync(TestLogins.Ask(Url), LoginReply.None, NotFound, Token)).Login);
        Assert.Equal("t0ken", (await logins.RefusedAsync(TestLogins.Ask(Url), LoginReply.None, NotFound with { Status = 401 }, Token)).Login?.Token);
    }

    [Fact]
    public async Task Command_ThatTakesAHeaderBack_HasNoneThen()
    {
        var says = "https://go.example/\n\nX-Key: a\n\n";
        var command = new ScriptedCommand((_, _) => ScriptedCommand.Prints(says));
        using var logins = Logins(command);
        var sent = await logins.FindAsync(TestLogins.Ask(Url), Token);
        says = "https://go.example\n\n\n";
        Assert.Null((await logins.RefusedAsync(TestLogins.Ask(Url), sent, NotFound, Token)).Login);
        Assert.Null(await logins.FindAsync(Url));
    }

    [Fact]
    public async Task Command_ThatFails_KeepsRequestsBackAndIsRunAgainLater()
    {
        var isBroken = true;
        var command = new ScriptedCommand((_, _) => isBroken ? new("https://go.example\n\nX-Key: hunter2\n\n", "/auth ended with status 1") : ScriptedCommand.Prints(""));
        using var logins = Logins(command);
        for (var i = 0; i < 2; i++)
        {
            var reply = await logins.FindAsync(TestLogins.Ask(Url), Token);
            Assert.Contains("status 1", reply.Trouble, StringComparison.Ordinal);
            Assert.DoesNotContain("hunter2", reply.ToString(), StringComparison.Ordinal);
        }

        Assert.Single(command.Calls);
        isBroken = false;
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(await logins.FindAsync(Url));
        Assert.Equal(2, command.Calls.Count);
    }

    [Theory]
    [InlineData("X Key: hunter2\n\n\n")]
    [InlineData("https://go.example\n\nX-Key: hunter2")]
    [InlineData("https://go.example\n\nX-Key: hunter2\n")]
    [InlineData("https://go.example\n\nhunter2\n\n")]
    [InlineData("https://go.example\n\nX Key: hunter2\n\n")]
    [InlineData("https://go.example\n\nX-Key:hunter2\n\n")]
    [InlineData("https://go.example\n\nX-Key: hunter2\u0001\n\n")]
    public async Task Command_WithAnotherFormat_IsAFailureThatQuotesNothing(string says)
    {
        var log = new ListLogger();
        using var logins = TestLogins.Of(Options(), run: Command(says).RunAsync, clock: _clock, logger: log);
        var reply = await logins.FindAsync(TestLogins.Ask(Url), Token);
        Assert.NotNull(reply.Trouble);
        Assert.Single(log.Lines);
        Assert.DoesNotContain("hunter2", reply.Trouble + log.Lines[0], StringComparison.Ordinal);
    }

    private static CredentialsOptions Options() => new() { Rules = [new() { Match = "*.example,localhost", GoAuth = "/auth -v" }] };

    private static ScriptedCommand Command(string says) => new((_, _) => ScriptedCommand.Prints(says));

    private Logins Logins(ScriptedCommand command) => TestLogins.Of(Options(), run: command.RunAsync, clock: _clock);
}
