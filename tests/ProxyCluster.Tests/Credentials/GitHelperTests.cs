using ProxyCluster.Credentials;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Credentials;

/// <summary>Git's credential helpers, as we ask them.</summary>
public sealed class GitHelperTests
{
    private const string Url = "https://git.example:8443/team/x/@v/list";
    private static readonly Refusal Unauthorized = new(401, "HTTP/1.1 401 Unauthorized\n\n");

    private readonly ManualTimeProvider _clock = new();
    private string _password = "first";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("store --file '/a b'", "git|credential-store|--file|/a b")]
    [InlineData("/opt/helper -x", "/opt/helper|-x")]
    [InlineData("!cat x", "/bin/sh|-c|cat x \"$@\"|cat x")]
    [InlineData("!", null)]
    [InlineData("", null)]
    [InlineData("'open", null)]
    public void Helper_AsGitNamesIt_IsTheCommandThatGitWouldRun(string helper, string? words) =>
        Assert.Equal(words, GitHelper.WordsOrNull(helper) is { } found ? string.Join('|', found) : null);

    [Fact]
    public async Task Helper_ThatIsAskedTwice_RunsOnceAndIsToldOfSuccessOnce()
    {
        var helper = Helper();
        using var logins = Logins(helper);
        var reply = await logins.FindAsync(TestLogins.Ask(Url), Token);
        await logins.FindAsync(TestLogins.Ask(Url), Token);
        Assert.Equal("me", reply.Login?.Username);
        await ProxyCluster.Credentials.Logins.AcceptedAsync(TestLogins.Ask(Url), reply);
        await ProxyCluster.Credentials.Logins.AcceptedAsync(TestLogins.Ask(Url), reply);
        Assert.Equal(["/helper get", "/helper store"], helper.Calls);
        Assert.Equal("capability[]=authtype\nprotocol=https\nhost=git.example:8443\n\n", helper.Inputs[0]);
        Assert.Equal("protocol=https\nhost=git.example:8443\nusername=me\npassword=first\n\n", helper.Inputs[1]);
    }

    [Fact]
    public async Task Helper_WhoseLoginIsRefused_ErasesItAndIsAskedAgain()
    {
        var helper = Helper();
        using var logins = Logins(helper);
        var sent = await logins.FindAsync(TestLogins.Ask(Url), Token);
        _password = "second";
        var next = await logins.RefusedAsync(TestLogins.Ask(Url), sent, Unauthorized, Token);
        Assert.Equal("second", next.Login?.Password);
        Assert.Equal(["/helper get", "/helper erase", "/helper get"], helper.Calls);
        Assert.Contains("password=first", helper.Inputs[1], StringComparison.Ordinal);

        // Who was refused with the old one meanwhile gets the new one, and erases nothing.
        Assert.Equal("second", (await logins.RefusedAsync(TestLogins.Ask(Url), sent, Unauthorized, Token)).Login?.Password);
        Assert.Equal(3, helper.Calls.Count);
    }

    [Fact]
    public async Task Helper_WithTheSameLoginAgain_IsLeftAloneForAMinute()
    {
        var helper = Helper();
        using var logins = Logins(helper);
        for (var i = 0; i < 3; i++)
        {
            var sent = await logins.FindAsync(TestLogins.Ask(Url), Token);
            Assert.Null((await logins.RefusedAsync(TestLogins.Ask(Url), sent, Unauthorized, Token)).Login);
        }

        Assert.Equal(["/helper get", "/helper erase", "/helper get"], helper.Calls);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await logins.RefusedAsync(TestLogins.Ask(Url), await logins.FindAsync(TestLogins.Ask(Url), Token), Unauthorized, Token);
        Assert.Equal(5, helper.Calls.Count);
    }

    [Fact]
    public async Task Helper_WhoseLoginIsForbidden_KeepsIt()
    {
        var helper = Helper();
        using var logins = Logins(helper);
        var sent = await logins.FindAsync(TestLogins.Ask(Url), Token);
        Assert.Null((await logins.RefusedAsync(TestLogins.Ask(Url), sent, new Refusal(403, "HTTP/1.1 403 Forbidden\n\n"), Token)).Login);
        Assert.Equal(["/helper get"], helper.Calls);
    }

    [Fact]
    public async Task Helper_WhoseLoginExpires_IsAskedAgainThen()
    {
        var until = _clock.GetUtcNow().AddMinutes(5).ToUnixTimeSeconds();
        var helper = new ScriptedCommand((_, _) => ScriptedCommand.Prints($"username=me\npassword=pw\npassword_expiry_utc={until}\n"));
        using var logins = Logins(helper);
        await logins.FindAsync(Url);
        _clock.Advance(TimeSpan.FromMinutes(4));
        await logins.FindAsync(Url);
        Assert.Single(helper.Calls);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await logins.FindAsync(Url);
        Assert.Equal(2, helper.Calls.Count);
    }

    [Fact]
    public async Task Helper_ThatKnowsThePath_IsAskedForEach()
    {
        var helper = Helper();
        using var logins = TestLogins.Of(new() { Rules = [new() { Match = "git.example", Helper = "/helper", HelperKnowsPath = true, Username = "you" }] }, run: helper.RunAsync);
        await logins.FindAsync("https://git.example/a");
        await logins.FindAsync("https://git.example/b");
        Assert.Equal("capability[]=authtype\nprotocol=https\nhost=git.example\npath=b\nusername=you\n\n", helper.Inputs[1]);
    }

    [Theory]
    [InlineData("authtype=Bearer\ncredential=t0ken\n", "Authorization: Bearer t0ken")]
    [InlineData("authtype=Digest\ncredential=x\n", "Authorization: Digest x")]
    [InlineData("username=me\n", null)]
    [InlineData("authtype=Bearer\ncredential=a\rX-Evil: b\n", null)]
    [InlineData("authtype=Be arer\ncredential=a\n", null)]
    [InlineData("", null)]
    [InlineData("nonsense\nusername=me\r\npassword=p=w\r\n\nusername=no\n", "Authorization: Basic bWU6cD13")]
    public async Task Helper_ByWhatItSays_GivesALoginOrNone(string says, string? login)
    {
        var helper = new ScriptedCommand((_, _) => ScriptedCommand.Prints(says));
        using var logins = Logins(helper);
        Assert.Equal(login, (await logins.FindAsync(Url)).Shown());
        Assert.Equal(login, (await logins.FindAsync(Url)).Shown());
        Assert.Single(helper.Calls);
    }

    [Fact]
    public async Task Helper_WithNothing_LeavesItToTheNext()
    {
        var helper = new ScriptedCommand((_, _) => ScriptedCommand.Prints(""));
        using var logins = TestLogins.Of(new() { Rules = [new() { Match = "*", Helper = "/helper" }, new() { Match = "git.example", Token = "t0ken" }] }, run: helper.RunAsync);
        Assert.Equal("t0ken", (await logins.FindAsync(Url))?.Token);
    }

    [Theory]
    [InlineData("quit=1\nusername=me\npassword=pw\n", null)]
    [InlineData("", "it hung")]
    public async Task Helper_ThatFails_KeepsRequestsBack(string says, string? fault)
    {
        var helper = new ScriptedCommand((_, _) => new(says, fault));
        using var logins = TestLogins.Of(new() { Rules = [new() { Match = "*", Helper = "/helper" }, new() { Match = "git.example", Token = "t0ken" }] }, run: helper.RunAsync);
        var reply = await logins.FindAsync(TestLogins.Ask(Url), Token);
        Assert.Null(reply.Login);
        Assert.Contains("git.example", reply.Trouble, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Helper_AskedByMany_RunsOnce()
    {
        var helper = Helper();
        helper.IsHeld = true;
        using var logins = Logins(helper);
        var asked = Enumerable.Range(0, 20).Select(_ => logins.FindAsync(Url)).ToList();
        helper.Gate.SetResult();
        Assert.All(await Task.WhenAll(asked), static login => Assert.Equal("first", login?.Password));
        Assert.Single(helper.Calls);
    }

    [Theory]
    [InlineData("protocol=https\nhost=a.example\npath=x/y\n", "https://a.example/x/y")]
    [InlineData("protocol=https\nhost=a.example:8443\n\nhost=b\n", "https://a.example:8443/")]
    [InlineData("url=https://me:pw@a.example/x\n", "https://a.example/x")]
    [InlineData("protocol=https\n", null)]
    [InlineData("protocol=https\nhost=a.example/@b.example\n", "https://a.example/@b.example/")]
    [InlineData("protocol=https\nhost=me@b.example\n", null)]
    [InlineData("", null)]
    public void Attributes_WithAnAddress_NameIt(string text, string? url) => Assert.Equal(url, GitAttributes.Parse(text).UrlOrNull()?.AbsoluteUri);

    [Theory]
    [InlineData("", "username=oauth2\npassword=t0ken\n")]
    [InlineData("username=me\n", "username=me\npassword=t0ken\n")]
    [InlineData("capability[]=authtype\n", "capability[]=authtype\nauthtype=Bearer\ncredential=t0ken\n")]
    public void Attributes_OfAToken_AreWhatThisGitUnderstands(string asked, string answer) =>
        Assert.Equal(answer, GitAttributes.OfOrNull(Login.Bearer("t0ken"), GitAttributes.Parse(asked))?.Format());

    [Fact]
    public void Attributes_OfAPasswordInTwoLines_AreNone() => Assert.Null(GitAttributes.OfOrNull(Login.Basic("me", "a\nquit=1"), GitAttributes.Empty));

    [Fact]
    public void Attributes_WithALineBreakInAValue_AreRefused() =>
        Assert.Throws<ArgumentException>(static () => GitAttributes.Empty.With("host", "a\npassword=b"));

    private ScriptedCommand Helper() => new((words, _) => ScriptedCommand.Prints(words[^1] == "get" ? $"username=me\npassword={_password}\n" : ""));

    private Logins Logins(ScriptedCommand helper) => TestLogins.Of(new() { Rules = [new() { Match = "git.example", Helper = "/helper" }] }, run: helper.RunAsync, clock: _clock);
}
