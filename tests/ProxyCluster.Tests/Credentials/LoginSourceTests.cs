using System.Text;
using FsCheck;
using FsCheck.Fluent;
using ProxyCluster.Credentials;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Credentials;

/// <summary>The sources that answer by themselves, and which of them is asked.</summary>
public sealed class LoginSourceTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    private string NetrcFile => _scratch["netrc"];

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("machine a.example login me password pw", "me:pw")]
    [InlineData("machine a.example\n\tlogin me\n\tpassword pw\n", "me:pw")]
    [InlineData("# machine a.example login no password no\nmachine a.example login me password #pw", "me:#pw")]
    [InlineData("machine a.example login \"me\" password \"p\\\"w\"", "\"me\":\"p\\\"w\"")]
    [InlineData("machine b.example login no password no\nmachine a.example password pw account x login me", "me:pw")]
    [InlineData("macdef init\nmachine a.example login no password no\n\nmachine a.example login me password pw", "me:pw")]
    [InlineData("machine a.example login me password pw\nmachine a.example login no password no", "me:pw")]
    [InlineData("machine a.example login me password pw\r\n", "me:pw")]
    [InlineData("machine A.example login no password no", null)]
    [InlineData("machine\na.example login me password pw", null)]
    [InlineData("default login anonymous password guest", null)]
    [InlineData("machine a.example login me", null)]
    [InlineData("machine", null)]
    [InlineData("macdef x\nmachine a.example login no password no", null)]
    [InlineData("", null)]
    public void Netrc_InItsGrammar_GivesTheLoginOfTheMachine(string text, string? expected) =>
        Assert.Equal(expected, NameAndPassword(Netrc.Parse(text).FindOrNull("a.example")));

    [Fact]
    public void Netrc_ForAnyText_NeverThrows() =>
        Prop.ForAll<string>(ArbMap.Default.ArbFor<string>(), static text => Netrc.Parse($"machine a {text}").FindOrNull("b") is null
            || text.Contains("machine", StringComparison.Ordinal)).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("https://a.example", "host")]
    [InlineData("https://a.example/corp.example/m/@v/list", "host")]
    [InlineData("https://a.example/go/other.example/m/@v/list", "path")]
    [InlineData("https://a.example/go/corp.example/m/@v/list", "module")]
    [InlineData("https://a.example/gopher/corp.example/m/@v/list", "host")]
    [InlineData("https://a.example:443/m", "port")]
    [InlineData("https://a.example:8443/m", null)]
    [InlineData("https://A.example/m", "capital")]
    [InlineData("http://localhost/m", null)]
    public async Task Netrc_ForWhatIsAsked_TakesTheMachineThatGoWould(string url, string? login)
    {
        File.WriteAllText(NetrcFile, """
            machine a.example login host password pw
            machine a.example:443 login port password pw
            machine A.example login capital password pw
            machine https://a.example/go/ login path password pw
            machine a.example/go/corp.example/m login module password pw
            machine localhost login plain password pw
            """);
        using var logins = TestLogins.Of(new(), name => name == "NETRC" ? NetrcFile : null);
        Assert.Equal(login, NameAndPassword(await logins.FindAsync(url))?.Split(':')[0]);
    }

    [Fact]
    public async Task Netrc_OfARuleThatIsGone_IsTrouble()
    {
        using var logins = TestLogins.Of(new CredentialRuleOptions { Match = "a.example", NetrcFile = NetrcFile });
        Assert.NotNull((await logins.FindAsync(LoginAsk.For(new Uri("https://a.example/m")), TestContext.Current.CancellationToken)).Trouble);

        File.WriteAllText(NetrcFile, "machine b.example login me password pw");
        Assert.Equal(LoginReply.None, await logins.FindAsync(LoginAsk.For(new Uri("https://a.example/m")), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("token\n", "token", false)]
    [InlineData("to ken", null, true)]
    public async Task Token_InTheEnvironment_IsTrimmedOrTrouble(string text, string? token, bool isTrouble)
    {
        using var logins = TestLogins.Of(new(), name => name == "UPSTREAM_TOKEN_A_EXAMPLE" ? text : null);
        var reply = await logins.FindAsync(LoginAsk.For(new Uri("https://a.example/m")), TestContext.Current.CancellationToken);
        Assert.Equal((token, isTrouble), (reply.Login?.Token, reply.Trouble is not null));
    }

    [Theory]
    [InlineData("ssh://git@a.example/m", true)]
    [InlineData("git+ssh://git@a.example/m", true)]
    [InlineData("https://a.example/m", false)]
    public async Task Key_IsForSshAlone(string url, bool isGiven)
    {
        using var logins = TestLogins.Of(new CredentialRuleOptions { Match = "a.example", SshKeyFile = "/key" });
        Assert.Equal(isGiven, (await logins.FindAsync(LoginAsk.For(new Uri(url)), TestContext.Current.CancellationToken)).Login is not null);
    }

    [Fact]
    public async Task Login_FromSeveralSources_TakesTheFirst()
    {
        File.WriteAllText(NetrcFile, "machine a-b.example login netrc password pw");
        var environment = new Dictionary<string, string?> { ["NETRC"] = NetrcFile };
        var options = new CredentialsOptions();
        Assert.Equal("netrc:pw", await Found("https://a-b.example"));

        environment["UPSTREAM_USERNAME_A__B_EXAMPLE"] = "env";
        environment["UPSTREAM_PASSWORD_A__B_EXAMPLE"] = "pw";
        Assert.Equal("env:pw", await Found("https://a-b.example"));
        Assert.Null(await Found("https://a.b.example"));

        options.Rules = [new() { Match = "A-b.example", Username = "rule", Password = "pw" }, new() { Match = "*.example", Username = "later", Password = "pw" }];
        Assert.Equal("rule:pw", await Found("https://A-B.example"));

        async Task<string?> Found(string url)
        {
            using var logins = TestLogins.Of(options, name => environment.GetValueOrDefault(name));
            return NameAndPassword(await logins.FindAsync(url));
        }
    }

    [Theory]
    [InlineData("a.example", "https://a.example/x", true)]
    [InlineData("a.example", "https://a.example:8443/x", true)]
    [InlineData("a.example:8443", "https://a.example:8443/x", true)]
    [InlineData("a.example:8443", "https://a.example/x", false)]
    [InlineData("a.example:443", "https://a.example/x", true)]
    [InlineData("a.example/team", "https://a.example/team/x/@v/list", true)]
    [InlineData("a.example/team", "https://a.example/teams/x", false)]
    [InlineData("a.example/team-*", "https://a.example/team-b/x", true)]
    [InlineData("*.example", "https://a.example/x", true)]
    [InlineData("*.example", "https://a.b.example.org/x", false)]
    [InlineData("b.example,a.example", "https://a.example/x", true)]
    [InlineData("a.example", "http://a.example/x", false)]
    [InlineData("127.0.0.1", "http://127.0.0.1:1234/x", true)]
    [InlineData("localhost", "http://localhost/x", true)]
    [InlineData("a.example", "https://a.example.org/x", false)]
    [InlineData("a.example", "https://evil.org/a.example", false)]
    public async Task Rule_ByItsPattern_CoversOrNot(string match, string url, bool covers)
    {
        using var logins = TestLogins.Of(new CredentialRuleOptions { Match = match, Token = "t0ken" });
        Assert.Equal(covers ? "Authorization: Bearer t0ken" : null, (await logins.FindAsync(url)).Shown());
    }

    [Fact]
    public async Task Rule_ForSomeModules_CoversThoseOnly()
    {
        using var logins = TestLogins.Of(new CredentialRuleOptions { Match = "a.example", Modules = "corp.example/team", Token = "t0ken" });
        Assert.Null(await logins.FindAsync("https://a.example/x"));
        foreach (var (path, covers) in new[] { ("corp.example/team/lib", true), ("corp.example/other", false) })
        {
            Assert.True(GoModules.Names.ModulePath.TryParse(path, out var module, out _));
            var reply = await logins.FindAsync(TestLogins.Ask("https://a.example/x") with { Module = module }, TestContext.Current.CancellationToken);
            Assert.Equal(covers, reply.Login is not null);
        }
    }

    [Fact]
    public async Task Rule_WithAKey_IsForSshAlone()
    {
        using var logins = TestLogins.Of(
            new CredentialRuleOptions { Match = "a.example", SshKeyFile = "/keys/a" }, new CredentialRuleOptions { Match = "a.example", Token = "t0ken" });
        Assert.Equal("/keys/a", (await logins.FindAsync("ssh://git@a.example/x"))!.SshKeyFile);
        Assert.Equal("t0ken", (await logins.FindAsync("https://a.example/x"))!.Token);
    }

    [Theory]
    [InlineData("TokenFile", "first\n", "second", "Authorization: Bearer first", "Authorization: Bearer second")]
    [InlineData("PasswordFile", "pw\n", "p:w", "Authorization: Basic bWU6cHc=", "Authorization: Basic bWU6cDp3")]
    [InlineData("HeadersFile", "X-Key: a\r\nX-More: b", "X-Key: c", "X-Key: a\nX-More: b", "X-Key: c")]
    [InlineData("NetrcFile", "machine a.example login me password pw", "machine a.example login me password p:w", "Authorization: Basic bWU6cHc=", "Authorization: Basic bWU6cDp3")]
    public async Task File_ThatChanges_CountsAtOnce(string property, string first, string second, string login, string next)
    {
        var rule = new CredentialRuleOptions { Match = "a.example", Username = property == "PasswordFile" ? "me" : "" };
        typeof(CredentialRuleOptions).GetProperty(property)!.SetValue(rule, _scratch["secret"]);
        File.WriteAllText(_scratch["secret"], first);
        using var logins = TestLogins.Of(rule);
        Assert.Equal(login, (await logins.FindAsync("https://a.example/x")).Shown());
        File.WriteAllText(_scratch["secret"], second);
        Assert.Equal(next, (await logins.FindAsync("https://a.example/x")).Shown());
    }

    [Fact]
    public async Task File_ThatIsGone_KeepsRequestsBack()
    {
        using var logins = TestLogins.Of(new CredentialRuleOptions { Match = "a.example", TokenFile = _scratch["none"] });
        var reply = await logins.FindAsync(TestLogins.Ask("https://a.example/x"), TestContext.Current.CancellationToken);
        Assert.Contains("a.example", reply.Trouble, StringComparison.Ordinal);
        Assert.Null(await logins.FindAsync("https://b.example/x"));
    }

    [Fact]
    public async Task Headers_ByAnyName_GoWithTheRequestSaveWhatFramesIt()
    {
        using var logins = TestLogins.Of(new CredentialRuleOptions { Match = "a.example", Headers = new() { ["X-Api-Key"] = "k", ["Host"] = "evil.example", ["Transfer-Encoding"] = "chunked" } });
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://a.example/x");
        (await logins.FindAsync("https://a.example/x"))!.Sign(request);
        Assert.Equal("X-Api-Key: k", request.Headers.ToString().Trim());
    }

    [Fact]
    public void Login_AsText_ShowsNothing() =>
        Assert.DoesNotContain("hunter2", $"{Login.Basic("me", "hunter2")}{Login.Bearer("hunter2")}{new LoginReply(Login.Bearer("hunter2"))}", StringComparison.Ordinal);

    private static string? NameAndPassword(Login? login) =>
        login is null ? null : Encoding.UTF8.GetString(Convert.FromBase64String(login.Headers.Single().Value["Basic ".Length..]));
}
