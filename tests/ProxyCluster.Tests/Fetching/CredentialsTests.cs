using System.Text;
using FsCheck;
using FsCheck.Fluent;
using ProxyCluster.Fetching;

namespace ProxyCluster.Tests.Fetching;

public sealed class CredentialsTests : IDisposable
{
    private readonly string _netrc = Path.GetTempFileName();

    public void Dispose() => File.Delete(_netrc);

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
        Assert.Equal(expected, Shown(Netrc.Parse(text).FindOrNull("a.example")));

    [Fact]
    public void Netrc_ForAnyText_NeverThrows() =>
        Prop.ForAll<string>(ArbMap.Default.ArbFor<string>(), static text => Netrc.Parse($"machine a {text}").FindOrNull("b") is null
            || text.Contains("machine", StringComparison.Ordinal)).QuickCheckThrowOnFailure();

    [Fact]
    public void Login_FromSeveralSources_TakesTheNearest()
    {
        File.WriteAllText(_netrc, "machine a-b.example login netrc password pw machine a-b.example:8443 login port password pw");
        var environment = new Dictionary<string, string?> { ["NETRC"] = _netrc };
        var options = new UpstreamsOptions();
        Assert.Equal("netrc:pw", Shown(Find(options, environment, "https://a-b.example")));
        Assert.Equal("port:pw", Shown(Find(options, environment, "https://a-b.example:8443")));
        Assert.Null(Find(options, environment, "http://a-b.example"));

        environment["UPSTREAM_USERNAME_A__B_EXAMPLE"] = "env";
        environment["UPSTREAM_PASSWORD_A__B_EXAMPLE"] = "pw";
        Assert.Equal("env:pw", Shown(Find(options, environment, "https://a-b.example")));
        Assert.Null(Find(options, environment, "https://a.b.example"));

        options.Credentials["A-B.example"] = new UpstreamLoginOptions { Token = "t0ken" };
        Assert.Equal("Bearer t0ken", Find(options, environment, "https://a-b.example")!.Header.ToString());
        Assert.Equal("url:pw", Shown(Find(options, environment, "https://url:pw@a-b.example")));
    }

    [Theory]
    [InlineData("https://a.example", "corp.example/m/@v/list", "host")]
    [InlineData("https://a.example/", "corp.example/m/@v/list", "host")]
    [InlineData("https://me@a.example", "corp.example/m/@v/list", "me")]
    [InlineData("https://a.example/go", "other.example/m/@v/list", "path")]
    [InlineData("https://a.example/go", "corp.example/m/@v/list", "module")]
    [InlineData("https://a.example/gopher", "corp.example/m/@v/list", "host")]
    [InlineData("https://a.example:443", "corp.example/m/@v/list", "port")]
    [InlineData("https://a.example:8443", "corp.example/m/@v/list", null)]
    [InlineData("https://A.example", "corp.example/m/@v/list", "capital")]
    [InlineData("a.example", "corp.example/m/@v/list", "host")]
    public void Netrc_ForWhatIsAsked_TakesTheMachineThatGoWould(string url, string path, string? login)
    {
        File.WriteAllText(_netrc, """
            machine a.example login host password pw
            machine a.example:443 login port password pw
            machine A.example login capital password pw
            machine https://a.example/go/ login path password pw
            machine a.example/go/corp.example/m login module password pw
            """);
        var found = Shown(Find(new(), new() { ["NETRC"] = _netrc }, url, path));
        Assert.Equal(login, found?.Split(':')[0]);
    }

    [Fact]
    public void Login_AsText_ShowsNothing() =>
        Assert.DoesNotContain("hunter2", $"{UpstreamLogin.Basic("me", "hunter2")}{UpstreamLogin.Bearer("hunter2")}", StringComparison.Ordinal);

    private static UpstreamLogin? Find(UpstreamsOptions options, Dictionary<string, string?> environment, string url, string path = "")
    {
        Assert.True(GoProxyList.TryParse(url, out var list, out var error), error);
        return new UpstreamCredentials(options, name => environment.GetValueOrDefault(name)).For(list.Entries[0])(path);
    }

    private static string? Shown(UpstreamLogin? login) =>
        login is null ? null : Encoding.UTF8.GetString(Convert.FromBase64String(login.Header.Parameter!));
}
