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
    [InlineData("machine a.example login \"m e\" password \"p\\\"w\\\\\"", "m e:p\"w\\")]
    [InlineData("machine b.example login no password no\nmachine a.example password pw account x login me", "me:pw")]
    [InlineData("macdef init\nmachine a.example login no password no\n\nmachine a.example login me password pw", "me:pw")]
    [InlineData("machine a.example login me password pw\nmachine a.example login no password no", "me:pw")]
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

    [Fact]
    public void Login_AsText_ShowsNothing() =>
        Assert.DoesNotContain("hunter2", $"{UpstreamLogin.Basic("me", "hunter2")}{UpstreamLogin.Bearer("hunter2")}", StringComparison.Ordinal);

    private static UpstreamLogin? Find(UpstreamsOptions options, Dictionary<string, string?> environment, string url)
    {
        Assert.True(GoProxyList.TryParse(url, out var list, out var error), error);
        return new UpstreamCredentials(options, name => environment.GetValueOrDefault(name)).FindOrNull(list.Entries[0]);
    }

    private static string? Shown(UpstreamLogin? login) =>
        login is null ? null : Encoding.UTF8.GetString(Convert.FromBase64String(login.Header.Parameter!));
}
